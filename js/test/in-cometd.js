// Runs in the test's page: a desktop with its own cometd.js.

/**
 * Makes the desktop's cometd.js, signed in, and not connected yet.
 *
 * @param {object} options
 * @param {string} options.version of cometd.js: the name of its package
 * @param {string} options.baseUrl
 * @param {object} [options.headers] to sign in with
 * @param {string} [options.transport]
 * @param {boolean} [options.ack] whether it has the AckExtension
 * @param {string[]} [options.channels] that the desktop hears
 */
export async function desktop({ version, baseUrl, headers, transport, ack = true, channels = [] }) {
  const { CometD, AckExtension } = await import(`/${version}.js`);
  await fetch(`${baseUrl}/api/v2/me`, { headers, credentials: "include" });
  const cometd = new CometD();
  cometd.configure({
    url: `${baseUrl}/api/v2/notifications`,
    appendMessageTypeToURL: false,
    useWorkerScheduler: false,
    logLevel: "warn",
  });
  for (const type of cometd.getTransportTypes()) {
    if (transport && type !== transport) cometd.unregisterTransport(type);
  }
  if (ack) cometd.registerExtension("ack", new AckExtension());
  const heard = [];
  cometd.addListener("/meta/handshake", ({ successful }) => {
    for (const channel of successful ? channels : []) {
      cometd.subscribe(channel, ({ data }) => heard.push(data));
    }
  });
  const open = counted(cometd);
  return { cometd, heard, open, connect: () => connect(cometd) };
}

/** Counts the listeners and subscriptions that there are from now on. */
function counted(cometd) {
  const open = new Set();
  for (const [begin, end] of [
    ["addListener", "removeListener"],
    ["subscribe", "unsubscribe"],
  ]) {
    const { [begin]: begun, [end]: ended } = cometd;
    cometd[begin] = (...args) => {
      const handle = begun.apply(cometd, args);
      open.add(handle);
      return handle;
    };
    cometd[end] = (handle, ...args) => {
      open.delete(handle);
      return ended.call(cometd, handle, ...args);
    };
  }
  return open;
}

function connect(cometd) {
  return new Promise((resolve) => {
    const listener = cometd.addListener("/meta/connect", ({ successful }) => {
      if (successful) {
        cometd.removeListener(listener);
        resolve();
      }
    });
    cometd.handshake();
  });
}
