// How servers keep a session, and lose it: what they advise, and what they answer to connects.

import assert from "node:assert/strict";
import { failures } from "./engine.mjs";
import { complete, connect, settle, testInPage, testOverEach } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

/** Faults that put fields into the reply to every connect, and to what comes with it. */
function everyReply(fields, ...at) {
  return at.map((at) => ({ at, do: "amend", times: -1, body: JSON.stringify(fields) }));
}

const forgotten = {
  "another number": { error: "403::Unknown client", advice: null },
  "words alone": { error: "the session is gone", advice: null },
  "the advice to retry": {
    error: "402::Unknown client",
    advice: { reconnect: "retry", interval: 0 },
  },
};
testOverEach(
  "a forgotten session is given up, whatever the server says of it",
  async (page, over) => {
    for (const [how, fields] of Object.entries(forgotten)) {
      // The simulator refuses a connect of no session; the words are of no account where it does not.
      const faults = everyReply(fields, "connect", "held");
      const simulator = await Simulator.start({ holdAck: true, faults });
      const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
      const settled = complete(session, { ...request, referenceId: how }, { ackTimeout: 10_000 });
      await simulator.call("wait-posts", { n: 1 });
      await simulator.call("wait-connected", { n: 1 });
      await simulator.call("expire");
      await simulator.call("wait-connected", { n: 1 });
      await simulator.call("ack", { referenceId: how });
      const { value, error } = await settled;
      assert.equal(value?.referenceId, how, error?.message);
      await session.evaluate(({ client }) => client.close());
    }
  },
);

testOverEach("events that nobody asked for are answered by no flood", async (page, over) => {
  const everyConnect = { at: "held", do: "delay", times: -1 }; // by 0 ms: it only counts them
  const simulator = await Simulator.start({ faults: [everyConnect] });
  const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
  const begun = performance.now();
  const settled = complete(session, { ...request, referenceId: "noise" });
  await simulator.call("wait-connected", { n: 1 });
  const count = async () => (await simulator.call("struck"))[0];
  const events = 200;
  for (let event = 0; event < events; event++) {
    const before = await count();
    await simulator.call("publish", { channel: "/me/internal", data: event });
    if (event < 5) {
      while ((await count()) === before); // there are no pauses yet
    } else {
      await new Promise((resolve) => setTimeout(resolve, 5)); // long enough for a connect
    }
  }
  const { value, error } = await settled;
  assert.equal(value?.referenceId, "noise", error?.message);
  const connects = await count();
  // Ten before there are pauses, ten more after the acknowledgement, and one a second; or again ten, where something
  // stood still for a second, which looks like a connect that was held.
  const most = 25 + (11 * (performance.now() - begun)) / 1000;
  assert.ok(connects > 5 && connects < most, `${connects} connects for ${events} events`);
});

testOverEach("a pause of a day between connects is not kept, and said", async (page, over) => {
  const simulator = await Simulator.start({ intervalMS: 86_400_000 });
  const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
  const calm = { ...request, referenceId: "pause" };
  const { value, error } = await complete(session, calm, { ackTimeout: 10_000 });
  assert.equal(value?.referenceId, "pause", error?.message);
  const [state, reason] = await session.evaluate(({ client }) => [client.state, client.reason]);
  assert.equal(state, "connected");
  assert.match(reason, /24h0m0s between two connects/);
});

testOverEach("the advice of a peer, inside its event, counts for nothing", async (page, over) => {
  const simulator = await Simulator.start();
  const channel = "/v2/me/calls";
  const channels = [channel];
  const session = await connect(page, { baseUrl: simulator.url, headers, channels, ...over });
  for (const advice of ['{"reconnect":"none"}', '{"interval":86400000}']) {
    const message = `{"channel":"${channel}","data":1,"advice":${advice}}`;
    await simulator.call("publish", { channel, message });
  }
  const settled = complete(session, { ...request, referenceId: "peer" });
  const { value, error } = await settled;
  assert.equal(value?.referenceId, "peer", error?.message);
  // The acknowledgement came behind those events.
  const changes = await session.evaluate(({ events }) =>
    events.filter(({ type }) => type === "statechange"),
  );
  assert.deepEqual(changes, []);
});

// A load balancer sends each request to another server, none of which knows the others' sessions.
for (const transports of [["long-polling"], ["websocket", "long-polling"]]) {
  testInPage(
    `sessions that no other server knows, over ${transports.join(" and ")}`,
    async (page) => {
      const advice = { reconnect: "handshake", interval: 0 };
      const unknown = { successful: false, error: "402::Unknown client", advice };
      const simulator = await Simulator.start({
        noWebSocket: true,
        faults: everyReply(unknown, "subscribe", "connect", "held"),
      });
      const { error } = await settle(page, "createClient", {
        baseUrl: simulator.url,
        headers,
        transports,
        connectTimeout: 6000,
      });
      assert.equal(error?.code, "CONNECT_FAILED");
      for (const text of [/402/, /BAYEUX_BROWSER/, /load balancer/, /sticky sessions/]) {
        assert.match(error.message, text);
      }
    },
    { complaints: failures },
  );
}
