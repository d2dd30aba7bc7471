// The option cometd: the page's own cometd.js, of each of its lines, is the session.

import assert from "node:assert/strict";
import {
  adopt,
  becomes,
  completes,
  counts,
  desktopHears,
  errorOf,
  makeDesktop,
  own,
  renewed,
  stateOf,
  until,
  versions,
} from "./cometd.mjs";
import { lacking } from "./engine.mjs";
import { complete, heard, site, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const outbound = "/v2/me/outbound";

const both = ["websocket", "long-polling"];
for (const [i, version] of versions.entries()) {
  // The oldest and the newest over both, those between them over one in turn.
  for (const transport of i % (versions.length - 1) === 0 ? both : [both[i % 2]]) {
    // In one of them the desktop hears our channel as well: cometd.js sends no subscription of ours then.
    const shared = transport === "long-polling";

    testInPage(`${version}: from a handshake to the last, over ${transport}`, async (page) => {
      const simulator = await Simulator.start();
      const desktop = await makeDesktop(page, simulator, {
        headers,
        version,
        transport,
        channels: shared ? [own, outbound] : [own],
      });
      const connect = () => desktop.evaluate(({ connect }) => connect());
      const before = await counts(desktop);
      const options = { baseUrl: simulator.url, headers, worker: !shared };

      const late = await adopt(page, desktop, { ...options, connectTimeout: 100 });
      const { code, message } = await errorOf(late);
      assert.equal(code, "CONNECT_FAILED");
      assert.match(
        message,
        /the page's cometd\.js is not connected, but disconnected|the server has not answered/,
      );
      assert.equal(await counts(desktop), before);

      const creating = adopt(page, desktop, options);
      await connect();
      const session = await creating;
      assert.equal((await errorOf(session))?.message, undefined);
      assert.deepEqual(await stateOf(session), { state: "connected", transport, reason: null });
      await completes(session, "before");

      await simulator.call("expire");
      await renewed(session);
      await completes(session, "after");
      await desktopHears(simulator, desktop);
      assert.equal(await simulator.call("sessions"), 1);

      await desktop.evaluate(({ cometd }) => cometd.disconnect());
      await becomes(session, "reconnecting");
      assert.match((await stateOf(session)).reason, /cometd\.js is disconnected/);
      await connect();
      await becomes(session, "connected");
      await completes(session, "again");

      await session.evaluate(({ client }) => client.close());
      // Of three sessions: the handshakes have ended the subscriptions of two, and the desktop has made its own again.
      const open = await desktop.evaluate(
        ({ open }) => [...open].filter(({ listener }) => listener).length,
      );
      assert.equal(open, 0);
      await desktopHears(simulator, desktop);
      if (shared) {
        await simulator.call("publish", { channel: outbound, data: "closed" });
        await until(desktop, ({ heard }) => heard.includes("closed"));
      }
      const kept = await desktop.evaluate(({ heard }) => heard.filter((data) => data?.referenceId));
      assert.equal(kept.length, shared ? 3 : 0, "events of ours that the desktop hears");
      assert.equal(await desktop.evaluate(({ cometd }) => cometd.getStatus()), "connected");
    });
  }
}

for (const version of [versions[0], versions.at(-1)]) {
  testInPage(`${version}: the server refuses the channel`, async (page) => {
    const simulator = await Simulator.start({
      refuseSubscribe: "403::denied",
      refuseChannel: outbound,
    });
    const desktop = await makeDesktop(page, simulator, { headers, version });
    await desktop.evaluate(({ connect }) => connect());
    const session = await adopt(page, desktop, { baseUrl: simulator.url, headers });
    const { code, message, delivery } = await errorOf(session);
    assert.deepEqual([code, delivery], ["SUBSCRIBE_REFUSED", "not-sent"]);
    assert.match(message, /403::denied/);
    await desktopHears(simulator, desktop);
  });
}

testInPage(
  "the session is lost while a call is pending",
  async (page, said) => {
    const simulator = await Simulator.start({ holdAck: true });
    const desktop = await makeDesktop(page, simulator, { headers, ack: false });
    await desktop.evaluate(({ connect }) => connect());
    const session = await adopt(page, desktop, { baseUrl: simulator.url, headers });
    const settled = complete(session, { ...request, referenceId: "lost" }, { ackTimeout: 6000 });
    await simulator.call("wait-posts", { n: 1 });
    await simulator.call("expire");
    const { error } = await settled;
    assert.deepEqual([error.code, error.delivery], ["ACK_TIMEOUT", "accepted"]);
    assert.match(error.message, /the CometD session was lost meanwhile, and a new one/);
    await heard(page, said, /no acknowledged delivery/);
    const warnings = said.filter((line) => /no acknowledged delivery/.test(line));
    assert.equal(warnings.length, 1, said.join("\n"));
  },
  { needs: lacking.workerConsole },
);

const wrong = {
  "an object that lacks methods": [
    () => ({ getStatus() {}, subscribe() {}, addListener: 1 }),
    {},
    /cometd: must be a cometd\.js object; it lacks isDisconnected\(\), unsubscribe\(\), addListener\(\), removeListener\(\)/,
  ],
  "no object": [() => "cometd", {}, /cometd: must be a cometd\.js object, got string/],
  "a getter that throws": [
    () => ({
      get getStatus() {
        throw new RangeError("no");
      },
    }),
    {},
    /cometd: cannot be read: RangeError: no/,
  ],
};
testInPage(
  "an object that is of no use, and options that contradict it",
  async (page) => {
    for (const [what, [make, , text]] of Object.entries(wrong)) {
      const message = await page.evaluate(
        async (make, baseUrl) => {
          const { createClient } = await import("/dist/index.js");
          const cometd = new Function(`return (${make})()`)();
          return createClient({ baseUrl, cometd }).then(
            () => "a client",
            ({ code, message }) => `${code}: ${message}`,
          );
        },
        String(make),
        site.url,
      );
      assert.match(message, /^INVALID_REQUEST: /, what);
      assert.match(message, text, what);
    }
    const simulator = await Simulator.start();
    const desktop = await makeDesktop(page, simulator, { headers });
    const contradictions = {
      cometdPath: "/cometd",
      transports: ["websocket"],
      guest: true,
      appendMessageTypeToURL: true,
    };
    const session = await adopt(page, desktop, { baseUrl: simulator.url, ...contradictions });
    const { code, problems, message } = await errorOf(session);
    assert.equal(code, "INVALID_REQUEST");
    assert.deepEqual(problems.map(({ field }) => field).sort(), Object.keys(contradictions).sort());
    assert.match(message, /guest: has no meaning beside cometd/);
    const allowed = { guest: false, channels: ["/v2/me/devices"] };
    await desktop.evaluate(({ connect }) => connect());
    const fine = await adopt(page, desktop, { baseUrl: simulator.url, headers, ...allowed });
    assert.equal(await errorOf(fine), undefined);
  },
  { path: "/no-policy" },
);

testInPage(
  "what the page has put into an event",
  async (page, said) => {
    const simulator = await Simulator.start();
    const desktop = await makeDesktop(page, simulator, { headers });
    await desktop.evaluate(({ cometd, connect }) => {
      cometd.registerExtension("odd", {
        incoming(message) {
          const values = {
            cycle: () => {
              const cycle = {};
              cycle.self = cycle;
              return cycle;
            },
            throws: () => ({
              get a() {
                throw new Error("a getter");
              },
            }),
            large: () => "x".repeat(40_000),
            odd: () => [Number.NaN, () => {}, 12n, new Date(0), { a: undefined, b: Symbol("b") }],
          };
          if (message.channel === "/v2/me/devices") message.data = values[message.data]();
          return message;
        },
      });
      return connect();
    });
    const session = await adopt(page, desktop, {
      baseUrl: simulator.url,
      headers,
      channels: ["/v2/me/devices"],
      maxMessageSize: 32_768,
    });
    for (const data of ["cycle", "throws", "large", "odd"]) {
      await simulator.call("publish", { channel: "/v2/me/devices", data });
    }
    await simulator.publishText("/v2/me/devices", '"odd"');
    await completes(session, "odd");
    const notified = await session.evaluate(({ events }) =>
      events.filter(({ type }) => type === "notification").map(({ data }) => data),
    );
    assert.deepEqual(notified, Array(2).fill([null, null, 12, "1970-01-01T00:00:00.000Z", {}]));
    await heard(page, said, /longer than 32768/);
    const left = said.filter((line) => /is left out/.test(line)).join("\n");
    assert.match(left, /nested deeper[\s\S]*a getter[\s\S]*longer than 32768/);
  },
  { needs: lacking.workerConsole },
);

testInPage("cometd.js is between two connects, of which the next is held", async (page) => {
  const simulator = await Simulator.start();
  const desktop = await makeDesktop(page, simulator, { headers });
  await desktop.evaluate(({ connect }) => connect());
  await until(desktop, ({ cometd }) => cometd.getStatus() === "connected"); // the next connect is on its way
  await desktop.evaluate(({ cometd }) => {
    const { getStatus } = cometd;
    cometd.getStatus = () => {
      cometd.getStatus = getStatus;
      return "connecting";
    };
  });
  const session = await adopt(page, desktop, { baseUrl: simulator.url, headers });
  assert.equal((await errorOf(session))?.message, undefined);
  await completes(session, "between");
});

testInPage("nothing of a program that ends stays on the page's cometd.js", async (page) => {
  const simulator = await Simulator.start();
  await page.evaluate(() => {
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = (module, imports) => {
      globalThis.end = () => imports.gojs["runtime.wasmExit"](0);
      return instantiate(module, imports);
    };
  });
  const desktop = await makeDesktop(page, simulator, { headers });
  await desktop.evaluate(({ connect }) => connect());
  const before = await counts(desktop);
  const inPlace = { baseUrl: simulator.url, headers, worker: false };
  const session = await adopt(page, desktop, inPlace);
  await page.evaluate(() => globalThis.end());
  await becomes(session, "closed");
  assert.equal(await counts(desktop), before);
  await completes(await adopt(page, desktop, inPlace), "next");
});

testInPage("the server advises cometd.js not to connect again", async (page) => {
  const simulator = await Simulator.start({ timeoutMS: 500 });
  const desktop = await makeDesktop(page, simulator, { headers });
  await desktop.evaluate(({ connect }) => connect());
  const session = await adopt(page, desktop, { baseUrl: simulator.url, headers });
  await desktop.evaluate(({ cometd }) => {
    cometd.registerExtension("last", {
      incoming(message) {
        if (message.channel === "/meta/connect") message.advice = { reconnect: "none" };
        return message;
      },
    });
  });
  await becomes(session, "reconnecting");
  const { reason } = await stateOf(session);
  assert.match(reason, /not to connect again/);
  await desktop.evaluate(({ cometd, connect }) => {
    cometd.unregisterExtension("last");
    return connect();
  });
  await becomes(session, "connected");
  await completes(session, "again");
});

testInPage("what cometd.js has subscribed to is ended by the page, and had again", async (page) => {
  const simulator = await Simulator.start();
  const desktop = await makeDesktop(page, simulator, { headers });
  await desktop.evaluate(({ connect }) => connect());
  const session = await adopt(page, desktop, { baseUrl: simulator.url, headers });
  await desktop.evaluate(
    ({ cometd }) =>
      new Promise((resolve) => {
        cometd.clearSubscriptions();
        cometd.subscribe("/v2/me/outbound", () => {}, resolve);
      }),
  );
  await completes(session, "cleared");
});

for (const version of [versions[0], versions.at(-1)]) {
  testInPage(`${version}: subscriptions of a client, and gaps`, async (page) => {
    const channel = "/v2/me/devices";
    const simulator = await Simulator.start({
      refuseSubscribe: "403::denied",
      refuseChannel: "/v2/secret",
    });
    const desktop = await makeDesktop(page, simulator, { headers, version });
    await desktop.evaluate(({ connect }) => connect());
    const session = await adopt(page, desktop, { baseUrl: simulator.url, headers });
    const refused = await session.evaluate(({ client }) =>
      client.subscribe("/v2/secret", () => {}).catch(({ code }) => code),
    );
    assert.equal(refused, "SUBSCRIBE_REFUSED");
    const heard = await session.evaluateHandle(async ({ client }, channel) => {
      const heard = [];
      const gaps = [];
      const note = (list, what) => {
        document.body.dataset.noted = list.push(what); // who waits looks at each change of the page
      };
      client.addEventListener("gap", ({ detail }) => note(gaps, detail.reason));
      const { unsubscribe } = await client.subscribe(channel, ({ data }) => note(heard, data));
      return { heard, gaps, unsubscribe };
    }, channel);
    const hears = async (data) => {
      await simulator.call("publish", { channel, data });
      await until(heard, ({ heard }, data) => heard.includes(data), data);
    };
    await hears("before");
    await simulator.call("expire");
    await renewed(session);
    await until(heard, ({ gaps }) => gaps.length === 1);
    await hears("after");
    assert.match(await heard.evaluate(({ gaps }) => gaps[0]), /has a new session/);
    await heard.evaluate(({ unsubscribe }) => unsubscribe());
    await simulator.call("publish", { channel, data: "left" });
    await completes(session, "done");
    assert.deepEqual(await heard.evaluate(({ heard }) => heard), ["before", "after"]);
  });
}
