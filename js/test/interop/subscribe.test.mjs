// A page's own subscriptions, against CometD on Jetty. It needs Java: `make interop-wasm`
// runs it, and not `make test-js`.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { complete, connect, testInPage } from "../in-browser.mjs";
import { InteropServer } from "../interop.mjs";
import { request } from "../sample.mjs";

for (const kind of ["cometd-9", "cometd-3.1"]) {
  describe(kind, () => {
    let server;
    before(async () => {
      server = await InteropServer.start(kind, { timeoutMS: 2000 }); // until it notices the loss of its session
    });
    after(() => server.call("close"));

    for (const transport of ["websocket", "long-polling"]) {
      testInPage(`a desktop's channels, over ${transport}`, async (page) => {
        const channel = (name) => `/desk/${kind}-${transport}/${name}`;
        const session = await connect(page, { baseUrl: server.url, transports: [transport] });
        await session.evaluate((session) => {
          session.heard = [];
          session.gaps = [];
          session.subscribe = (name, channel) =>
            session.client.subscribe(channel, ({ channel, data }) =>
              session.heard.push(`${name} ${channel.split("/").at(-1)} ${data.n}`),
            );
          session.client.addEventListener("gap", ({ detail }) => session.gaps.push(detail.reason));
        });
        const subscribe = (name, channel) =>
          session.evaluateHandle((session, ...of) => session.subscribe(...of), name, channel);
        const unsubscribe = (subscription) => subscription.evaluate((it) => it.unsubscribe());
        const publish = (name, count = 1) =>
          server.call("publish", { channel: channel(name), count });
        const until = (length) =>
          session.evaluate(
            ({ heard }, length) =>
              new Promise((resolve) => {
                const look = () => (heard.length < length ? setTimeout(look, 10) : resolve());
                look();
              }),
            length,
          );
        const heard = () => session.evaluate(({ heard }) => heard.splice(0));

        const all = await subscribe("all", channel("*"));
        const calls = await subscribe("calls", channel("calls"));
        const also = await subscribe("also", channel("calls"));
        await publish("calls", 20);
        await publish("devices", 5);
        await until(65);
        const events = await heard();
        const of = (name, what, count) =>
          Array.from({ length: count }, (_, n) => `${name} ${what} ${n}`);
        const by = (name) => events.filter((line) => line.startsWith(name));
        assert.deepEqual(by("all"), [...of("all", "calls", 20), ...of("all", "devices", 5)]);
        assert.deepEqual(by("calls"), of("calls", "calls", 20));
        assert.deepEqual(by("also"), of("also", "calls", 20));

        await unsubscribe(all);
        await unsubscribe(also);
        await publish("calls");
        await publish("devices");
        await until(1);
        assert.ok((await complete(session, request)).value);
        assert.deepEqual(await heard(), ["calls calls 0"]);

        // Ended and made again in turns, the last time ended: the server has nobody there.
        await session.evaluate(async ({ subscribe }, channel) => {
          for (let n = 0; n < 10; n++) {
            const subscription = await subscribe("turn", channel);
            const ended = subscription.unsubscribe();
            if (n % 2 === 0) await ended;
          }
        }, channel("turns"));
        await complete(session, request);
        await server.call("expire", { channel: channel("turns") });
        assert.ok((await complete(session, request)).value);
        assert.deepEqual(await session.evaluate(({ gaps }) => gaps), [], "it was not expired");

        // The session is lost.
        const back = session.evaluate(
          ({ client }) =>
            new Promise((resolve) => {
              client.addEventListener("gap", () => resolve(client.state), { once: true });
            }),
        );
        await server.call("expire", { channel: channel("calls") });
        assert.equal(await back, "connected");
        await publish("calls", 3);
        await until(3);
        assert.deepEqual(await heard(), of("calls", "calls", 3));

        await server.call("set", { denySubscribe: true });
        const { error } = await session.evaluate(({ client, outcome, OutboundError }) =>
          outcome(
            client.subscribe("/denied", () => {}),
            OutboundError,
          ),
        );
        await server.call("set", {});
        assert.equal(error.code, "SUBSCRIBE_REFUSED");
        assert.match(error.message, /403/);
        assert.ok((await complete(session, request)).value, "the client lives on");
        await unsubscribe(calls);
        await session.evaluate(({ client }) => client.close());
      });
    }
  });
}
