// A session whose WebSockets are refused for a while. Firefox then holds back the sockets that
// a page asks for: the fifth one for 10 s.

import assert from "node:assert/strict";
import { failures } from "./engine.mjs";
import { complete, connect, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

/** Resolves when the client has come to this. */
function until(session, what, value) {
  return session.evaluate(
    ({ client }, what, value) =>
      new Promise((resolve) => {
        const look = () => client[what] === value && resolve();
        client.addEventListener("statechange", look);
        look();
      }),
    what,
    value,
  );
}

for (const seconds of [0, 3]) {
  testInPage(
    `WebSockets are refused, and ${seconds} s later somebody waits: the acknowledgement comes over long-polling`,
    async (page) => {
      const simulator = await Simulator.start({ holdAck: true });
      const session = await connect(page, { baseUrl: simulator.url, headers });
      await simulator.set({ holdAck: true, noWebSocket: true });
      await simulator.call("cut");
      await session.evaluate(
        ({ client, events }) =>
          new Promise((resolve) => {
            const look = () => events.some(({ state }) => state === "reconnecting") && resolve();
            client.addEventListener("statechange", look);
            look();
          }),
      );
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const referenceId = "a";
      const completion = complete(session, { ...request, referenceId });
      await simulator.call("wait-posts", { n: 1 });
      await simulator.call("ack", { referenceId });
      const { value, error } = await completion;
      assert.equal(value?.referenceId, referenceId, error?.message);
      assert.equal(await session.evaluate(({ client }) => client.transport), "long-polling");
      await simulator.set({});
      await until(session, "transport", "websocket");
    },
    { complaints: failures },
  );
}
