const { fetch } = globalThis;
const tab = new BroadcastChannel(location.search); // the tab that has started this Worker

globalThis.fetch = (...args) => {
  tab.postMessage("a request");
  return fetch(...args);
};
