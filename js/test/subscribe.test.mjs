// Subscriptions of the page's own, and the event that tells of events that may have been missed.

import assert from "node:assert/strict";
import { failures } from "./engine.mjs";
import { complete, connect, testInPage, testOverEach } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { startTap } from "./tap.mjs";

/** Connects a client; `heard` has what its listeners hear, as "name: channel data". */
async function start(page, options) {
  const session = await connect(page, { headers, ...options });
  await session.evaluate((session) => {
    session.heard = [];
    session.subscriptions = {};
    session.gaps = [];
    session.client.addEventListener("gap", ({ detail }) => session.gaps.push(detail.reason));
    session.subscribe = async (name, channel) => {
      session.subscriptions[name] = await session.client.subscribe(channel, (event) =>
        session.heard.push(`${name}: ${event.channel} ${JSON.stringify(event.data)}`),
      );
    };
  });
  return session;
}

const subscribe = (session, name, channel) =>
  session.evaluate((session, name, channel) => session.subscribe(name, channel), name, channel);

const unsubscribe = (session, name) =>
  session.evaluate(({ subscriptions }, name) => subscriptions[name].unsubscribe(), name);

/** What was heard since the last time. What comes behind the events proves that they have been passed on. */
async function heard(session) {
  assert.ok((await complete(session, request)).value);
  return session.evaluate(({ heard }) => heard.splice(0));
}

/** What subscribing comes to, of whatever is passed; a function where no listener is. */
const refusal = (session, channel, ...listener) =>
  session.evaluate(
    ({ client, outcome, OutboundError }, channel, listener = [() => {}]) =>
      outcome(client.subscribe(channel, ...listener), OutboundError),
    channel,
    listener.length > 0 ? listener : undefined,
  );

/** Resolves when there were so many gaps: their reasons. */
const gaps = (session, count) =>
  session.evaluate(
    ({ client, gaps }, count) =>
      new Promise((resolve) => {
        const look = () => gaps.length >= count && resolve(gaps);
        client.addEventListener("gap", look);
        look();
      }),
    count,
  );

testOverEach("each subscription hears each event once, in order", async (page, over) => {
  const simulator = await Simulator.start();
  const session = await start(page, { ...over, baseUrl: simulator.url });
  for (const [name, channel] of [
    ["a", "/a/x"],
    ["also a", "/a/x"],
    ["star", "/a/*"],
    ["deep", "/a/**"],
  ]) {
    await subscribe(session, name, channel);
  }
  await simulator.publishText("/a/x", `{"n":9007199254740993}`);
  await simulator.call("publish", { channel: "/a/y/z", data: null });
  for (let n = 0; n < 50; n++) {
    await simulator.call("publish", { channel: "/a/y", data: n });
  }
  await simulator.call("publish", { channel: "/b", data: 1 });
  const all = await heard(session);
  const of = (name) => all.filter((line) => line.startsWith(`${name}: `));
  const big = '/a/x {"n":"9007199254740993"}';
  assert.deepEqual(of("a"), [`a: ${big}`]);
  assert.deepEqual(of("also a"), [`also a: ${big}`]);
  const fifty = (name) => Array.from({ length: 50 }, (_, n) => `${name}: /a/y ${n}`);
  assert.deepEqual(of("star"), [`star: ${big}`, ...fifty("star")]);
  assert.deepEqual(of("deep"), [`deep: ${big}`, "deep: /a/y/z null", ...fifty("deep")]);
  assert.equal(all.length, 2 + 51 + 52);
  const notified = await session.evaluate(({ events }) =>
    events.filter(({ type }) => type === "notification"),
  );
  assert.deepEqual(notified, [], "these are no notifications");

  await Promise.all(["a", "star", "deep", "deep"].map((name) => unsubscribe(session, name)));
  await simulator.call("publish", { channel: "/a/x", data: 2 });
  assert.deepEqual(await heard(session), ["also a: /a/x 2"]);
});

testInPage(
  "channels share a subscription at the server, which ends with the last",
  async (page) => {
    const simulator = await Simulator.start();
    const { url: baseUrl, requests } = await startTap(simulator.url);
    const transports = ["long-polling"];
    const session = await start(page, { baseUrl, transports, channels: ["/option"] });
    /** What the server was told since the last time. */
    const told = () =>
      requests
        .splice(0)
        .flatMap(({ body }) => (body?.startsWith("[") ? JSON.parse(body) : []))
        .filter(({ channel }) => /subscribe/.test(channel))
        .map(({ channel, subscription }) => `${channel} ${subscription}`);
    told();
    await Promise.all([subscribe(session, "1", "/a"), subscribe(session, "2", "/a")]);
    assert.deepEqual(told(), ["/meta/subscribe /a"]);
    await unsubscribe(session, "1");
    await unsubscribe(session, "1");
    assert.deepEqual(told(), []);
    await unsubscribe(session, "2");
    assert.deepEqual(told(), ["/meta/unsubscribe /a"]);

    for (const channel of ["/option", "/v2/me/outbound"]) {
      await subscribe(session, "own", channel);
      await unsubscribe(session, "own");
    }
    assert.deepEqual(told(), [], "what the client needs, or an option names, stays");
    await simulator.call("publish", { channel: "/option", data: 1 });
    assert.deepEqual(await heard(session), []);
    assert.ok(
      await session.evaluate(({ events }) => events.some(({ channel }) => channel === "/option")),
    );
  },
);

testInPage("a component that mounts and unmounts in turns ends as it should", async (page) => {
  const simulator = await Simulator.start();
  const session = await start(page, { baseUrl: simulator.url });
  const last = await session.evaluate(async (session) => {
    // As an effect of React does it: what it has begun is ended as soon as it is there.
    const mount = (n) => {
      const began = session.client.subscribe("/a", ({ data }) =>
        session.heard.push(`${n}: ${data}`),
      );
      return () => began.then((subscription) => subscription.unsubscribe());
    };
    const ends = [];
    let unmount = () => {};
    for (let n = 0; n < 20; n++) {
      ends.push(unmount());
      unmount = mount(n);
      if (n % 3 === 0) await null;
      if (n % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(ends);
    session.unmount = unmount;
    return 19;
  });
  await simulator.call("publish", { channel: "/a", data: "x" });
  assert.deepEqual(await heard(session), [`${last}: x`]);
  await session.evaluate(({ unmount }) => unmount());
  await simulator.call("publish", { channel: "/a", data: "y" });
  assert.deepEqual(await heard(session), []);
});

testOverEach("a session that is lost: subscribed again, and a gap", async (page, over) => {
  const simulator = await Simulator.start();
  const session = await start(page, { ...over, baseUrl: simulator.url });
  await subscribe(session, "a", "/a");
  await subscribe(session, "b", "/b");
  // Whoever looks for what was missed, once there is a gap, misses nothing from then on.
  await session.evaluate(({ client, gaps }) => {
    client.addEventListener("gap", () => gaps.push(client.state));
  });
  await simulator.set({ refuseSubscribe: "403:/b:No more", refuseChannel: "/b" });
  await simulator.call("expire");
  const [reason, state] = await gaps(session, 2);
  assert.match(reason, /^a new session has taken the place of the one before/);
  assert.equal(state, "connected");
  await simulator.call("publish", { channel: "/a", data: 1 });
  await simulator.call("publish", { channel: "/b", data: 1 });
  assert.deepEqual(await heard(session), ["a: /a 1"], "/b is refused, which is not the end");
  const { error } = await refusal(session, "/b");
  assert.equal(error.code, "SUBSCRIBE_REFUSED");

  await simulator.set({});
  await simulator.call("expire");
  await gaps(session, 4);
  await simulator.call("publish", { channel: "/b", data: 2 });
  assert.deepEqual(await heard(session), ["b: /b 2"]);
});

testInPage(
  "a connection that is resumed leaves no gap",
  async (page) => {
    const simulator = await Simulator.start({ maxIntervalMS: 60_000 });
    const session = await start(page, { transports: ["websocket"], baseUrl: simulator.url });
    await subscribe(session, "a", "/a");
    await session.evaluate(({ client }) => {
      globalThis.back = new Promise((resolve) => {
        client.addEventListener("statechange", ({ detail }) => {
          if (detail.state === "connected") resolve();
        });
      });
    });
    await simulator.call("cut");
    await simulator.call("publish", { channel: "/a", data: 1 });
    await page.evaluate(() => globalThis.back);
    assert.deepEqual(await heard(session), ["a: /a 1"]);
    assert.deepEqual(await session.evaluate(({ gaps }) => gaps), []);
  },
  { complaints: failures },
);

testInPage(
  "gaps without acknowledged delivery, and of a frame that is too large",
  async (page) => {
    const simulator = await Simulator.start({ noAckExtension: true });
    const session = await start(page, {
      transports: ["websocket"],
      baseUrl: simulator.url,
      maxMessageSize: 20_000,
    });
    await subscribe(session, "a", "/a");
    await simulator.call("cut");
    assert.match((await gaps(session, 1))[0], /no acknowledged delivery$/);
    await simulator.call("publish", { channel: "/a", data: "x".repeat(30_000) });
    assert.match((await gaps(session, 2)).at(-1), /20000 bytes/);
    assert.deepEqual(await heard(session), []);
  },
  { complaints: failures },
);

testInPage("what cannot be subscribed to is refused, and the client lives on", async (page) => {
  const simulator = await Simulator.start({
    refuseSubscribe: "403:/secret:Denied, says the server",
    refuseChannel: "/secret",
  });
  const session = await start(page, { baseUrl: simulator.url });
  for (const [channel, listener, named] of [
    [5, [], ["channel"]],
    [null, [], ["channel"]],
    [["/a"], [], ["channel"]],
    ["", [], ["channel"]],
    ["a", [], ["channel"]],
    ["/", [], ["channel"]],
    ["/meta/connect", [], ["channel"]],
    ["/a/*/b", [], ["channel"]],
    ["/a//b", [], ["channel"]],
    [`/${"ü".repeat(1024)}`, [], ["channel"]],
    ["/a", [null], ["listener"]],
    ["/a", [{ handleEvent: 1 }], ["listener"]],
    ["/*/a", ["x"], ["channel", "listener"]],
  ]) {
    const { error } = await refusal(session, channel, ...listener);
    assert.equal(error.code, "INVALID_REQUEST", channel);
    assert.equal(error.delivery, "not-sent");
    assert.deepEqual(
      error.problems.map(({ field }) => field),
      named,
    );
    assert.ok(error.isOutboundError);
  }
  const { error } = await refusal(session, "/secret");
  assert.equal(error.code, "SUBSCRIBE_REFUSED");
  assert.match(error.message, /Denied, says the server/);
  assert.equal(error.delivery, "not-sent");
  await simulator.call("publish", { channel: "/secret", data: 1 });
  assert.deepEqual(await heard(session), []);
  assert.equal(await session.evaluate(({ client }) => client.state), "connected");
});

testInPage(
  "it waits for a session, until connectTimeout, or the end",
  async (page) => {
    const simulator = await Simulator.start();
    const session = await start(page, { baseUrl: simulator.url, connectTimeout: 5000 });
    const down = { noWebSocket: true, noLongPolling: true };
    await simulator.set(down);
    await simulator.call("cut");
    const { error } = await refusal(session, "/a");
    assert.equal(error.code, "CONNECT_FAILED");
    assert.match(error.message, /^\/a was not subscribed to within 5s/);
    const waiting = refusal(session, "/a");
    await session.evaluate(({ client }) => client.close());
    assert.equal((await waiting).error.code, "CLOSED");
    const late = (await refusal(session, "/a")).error;
    assert.equal(late.code, "CLOSED");
    assert.equal(late.delivery, "not-sent");
  },
  { complaints: failures },
);

testInPage(
  "a listener that throws disturbs nobody",
  async (page, said) => {
    const simulator = await Simulator.start();
    const session = await start(page, { baseUrl: simulator.url });
    await session.evaluate(({ client }) =>
      client.subscribe("/a", () => {
        throw new Error("the listener's own");
      }),
    );
    await subscribe(session, "after", "/a");
    await simulator.call("publish", { channel: "/a", data: 1 });
    await simulator.call("publish", { channel: "/a", data: 2 });
    assert.deepEqual(await heard(session), ["after: /a 1", "after: /a 2"]);
    assert.equal(said.filter((line) => /the listener's own/.test(line)).length, 2);
  },
  { complaints: /the listener's own/ },
);

testInPage(
  "an event crosses once for the listeners of a channel, and only while there is one",
  async (page) => {
    const simulator = await Simulator.start();
    await page.evaluate(() => {
      const counts = { event: 0, notification: 0 };
      globalThis.counts = counts;
      const { parse } = JSON;
      let last = "";
      JSON.parse = (text) => {
        const list = parse(text);
        if (text !== last && Array.isArray(list)) {
          last = text; // which may be looked at more than once
          for (const { kind } of list) {
            if (kind in counts) counts[kind]++;
          }
        }
        return list;
      };
    });
    // Not by `start`, whose client has a listener for notifications.
    const session = await page.evaluateHandle(
      async (options) => {
        const { createClient } = await import("/dist/index.js");
        return { client: await createClient(options), heard: 0 };
      },
      { baseUrl: simulator.url, headers, channels: ["/b"] },
    );
    const published = async (channel) => {
      for (let n = 0; n < 3; n++) await simulator.call("publish", { channel, data: n });
      await session.evaluate(({ client }, request) => client.completeRecord(request), request);
      return page.evaluate(() => globalThis.counts);
    };
    await session.evaluate(async (session) => {
      const count = () => session.heard++;
      const { client } = session;
      session.all = [await client.subscribe("/a", count), await client.subscribe("/a", count)];
      session.all.push(await client.subscribe("/b", count));
    });
    assert.deepEqual(await published("/a"), { event: 3, notification: 0 });
    assert.deepEqual(await published("/b"), { event: 6, notification: 0 });
    assert.equal(await session.evaluate(({ heard }) => heard), 9);
    await session.evaluate(({ all }) => Promise.all(all.map((s) => s.unsubscribe())));
    assert.deepEqual(await published("/b"), { event: 6, notification: 0 });
    assert.equal(await session.evaluate(({ heard }) => heard), 9);
  },
);
