/**
 * Keeps what an agent's desktop shows, and calls `changed` with it: Maps of devices, calls and channels, each by
 * their ids.
 *
 * @param client what createClient has given
 * @param ask asks the server how things stand: `ask("calls")` is a Promise of a list
 * @param changed
 * @returns a function that stops it
 */
export async function watchDesk(client, ask, changed) {
  const desk = { devices: new Map(), calls: new Map(), channels: new Map() };
  const since = { devices: [], calls: [], channels: [] }; // what was heard since the server was asked

  const put = (kind, list) => {
    for (const item of list) {
      if (item.state === "Completed") desk[kind].delete(item.id);
      else desk[kind].set(item.id, item);
    }
    changed(desk);
  };

  // A message has a list, or the one that has changed.
  const listen = (kind, one) =>
    client.subscribe(`/v2/me/${kind}`, ({ data }) => {
      const list = data[kind] ?? [data[one]];
      since[kind].push(...list);
      put(kind, list);
    });

  // First the subscriptions, then the question: what changes in between is heard.
  const subscriptions = await Promise.all([
    listen("devices", "device"),
    listen("calls", "call"),
    listen("channels", "channel"),
  ]);

  const askForAll = async () => {
    for (const kind of ["devices", "calls", "channels"]) {
      const heard = [];
      since[kind] = heard;
      const list = await ask(kind);
      desk[kind].clear();
      put(kind, [...list, ...heard]); // the answer may be older than what was heard meanwhile
    }
  };
  client.addEventListener("gap", askForAll);
  await askForAll();

  return async () => {
    client.removeEventListener("gap", askForAll);
    await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()));
  };
}
