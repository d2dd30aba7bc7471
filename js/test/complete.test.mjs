// Completing a record in a page, against a simulator on another origin.

import assert from "node:assert/strict";
import { failures, lacking } from "./engine.mjs";
import { complete, connect, host, site, testInPage, testOverEach } from "./in-browser.mjs";
import { watchPosts } from "./network-panel.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

testInPage("resolves with the event's data, exactly", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const referenceId = "ref-1";
  assert.deepEqual(await complete(session, { ...request, referenceId }), {
    value: { ...acknowledgement, referenceId },
  });
  const [post, ...more] = await simulator.posts();
  assert.deepEqual(more, []);
  const { recordHandle, ...parameters } = request;
  assert.equal(post.path, `/api/v2/me/outbound-records/${recordHandle}`);
  assert.match(post.contentType, /^application\/json\b/);
  assert.deepEqual(JSON.parse(post.body), {
    operationName: "CompleteRecord",
    ...parameters,
    referenceId,
  });
});

testInPage("makes a referenceId of its own, and takes digits as a handle", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const documented = { ...request, recordHandle: "12", operationName: "CompleteRecord" };
  const { value } = await complete(session, documented);
  const [{ body }] = await simulator.posts();
  assert.match(value.referenceId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(JSON.parse(body).referenceId, value.referenceId);
});

testInPage("the acknowledgement may come before the HTTP response", async (page) => {
  // Which comes when the test would be over.
  const simulator = await Simulator.start({ ackFirst: true, postDelayMS: 300_000 });
  const never = { requestTimeout: 300_000, ackTimeout: 300_000 };
  const session = await connect(page, { baseUrl: simulator.url, headers, ...never });
  assert.deepEqual(await complete(session, { ...request, referenceId: "early" }), {
    value: { ...acknowledgement, referenceId: "early" },
  });
});

testInPage(
  "the acknowledgement counts though the POST got no answer",
  async (page) => {
    const simulator = await Simulator.start({
      postCut: true,
      postProcessed: true,
      ackDelayMS: 100,
    });
    const session = await connect(page, { baseUrl: simulator.url, headers });
    const { value } = await complete(session, { ...request, referenceId: "cut" });
    assert.equal(value?.referenceId, "cut");
  },
  { complaints: failures },
);

testInPage("over long-polling", async (page) => {
  const simulator = await Simulator.start();
  const transports = ["long-polling"];
  const session = await connect(page, { baseUrl: simulator.url, headers, transports });
  assert.equal(await session.evaluate(({ client }) => client.transport), "long-polling");
  const { value } = await complete(session, { ...request, referenceId: "polled" });
  assert.equal(value?.referenceId, "polled");
});

testInPage(
  "long-polling at once where the WebSocket cannot be had",
  async (page) => {
    const simulator = await Simulator.start({ noWebSocket: true });
    const session = await connect(page, { baseUrl: simulator.url, headers });
    assert.equal(await session.evaluate(({ client }) => client.transport), "long-polling");
    const { value } = await complete(session, { ...request, referenceId: "fallback" });
    assert.equal(value?.referenceId, "fallback");
  },
  { complaints: failures },
);

testInPage("several at once, also of the same record", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const references = ["a", "b", "c", "d"];
  const settled = session.evaluate(
    async ({ client }, requests) => {
      const pending = requests.map((request) => client.completeRecord(request));
      const count = client.pending;
      const events = await Promise.all(pending);
      return {
        count,
        references: events.map(({ referenceId }) => referenceId),
        left: client.pending,
      };
    },
    references.map((referenceId) => ({ ...request, referenceId })),
  );
  await simulator.call("wait-posts", { n: references.length });
  for (const referenceId of [...references].reverse()) {
    await simulator.call("ack", { referenceId });
  }
  assert.deepEqual(await settled, { count: 4, references, left: 0 });
});

testInPage("state, transport, close", async (page) => {
  const simulator = await Simulator.start();
  const transports = ["websocket"]; // of two, the second is tried beside it after a second
  const session = await connect(page, { baseUrl: simulator.url, headers, transports });
  const look = ({ client }) => [client.state, client.transport, client.pending];
  assert.deepEqual(await session.evaluate(look), ["connected", "websocket", 0]);
  await session.evaluate(({ client }) => Promise.all([client.close(), client.close()]));
  assert.deepEqual(await session.evaluate(look), ["closed", null, 0]);
  await simulator.call("wait-sessions", { n: 0 });
  await session.evaluate(({ client }) => client.close());
  const events = await session.evaluate(({ events }) => events);
  assert.deepEqual(
    events.map(({ type, state, transport }) => [type, state, transport]),
    [["statechange", "closed", null]],
  );
});

testInPage(
  "a lost connection comes back, with the acknowledgement that was sent meanwhile",
  async (page) => {
    const simulator = await Simulator.start({ holdAck: true, maxIntervalMS: 60_000 });
    const session = await connect(page, { baseUrl: simulator.url, headers });
    const settled = complete(session, { ...request, referenceId: "kept" });
    await simulator.call("wait-posts", { n: 1 });
    await simulator.call("cut");
    await simulator.call("ack", { referenceId: "kept" });
    assert.deepEqual(await settled, { value: { ...acknowledgement, referenceId: "kept" } });
    const states = await session.evaluate(({ events }) => events.map(({ state }) => state));
    assert.deepEqual([states[0], states.at(-1)], ["reconnecting", "connected"]);
  },
  { complaints: failures },
);

testInPage("notifications of further channels", async (page) => {
  const simulator = await Simulator.start();
  const channels = ["/v2/me/calls"];
  const session = await connect(page, { baseUrl: simulator.url, headers, channels });
  const data = { call: 1, nested: [null, false, "ü"] };
  const heard = await page.evaluateHandle(({ client }) => {
    const next = new Promise((resolve) => {
      client.addEventListener("notification", ({ detail }) => resolve(detail), { once: true });
    });
    return { next };
  }, session);
  await simulator.call("publish", { channel: "/v2/me/calls", data });
  assert.deepEqual(await heard.evaluate(({ next }) => next), { channel: "/v2/me/calls", data });
});

testInPage("notifications of one frame come in order, before what is behind them", async (page) => {
  // Between two requests, while the client waits as the server has advised, the server collects them.
  const simulator = await Simulator.start({ holdAck: true, intervalMS: 1000 });
  const channel = "/v2/me/calls";
  const transports = ["long-polling"];
  const session = await connect(page, {
    baseUrl: simulator.url,
    headers,
    transports,
    channels: [channel],
  });
  const heard = await session.evaluateHandle(
    ({ client }, request) => {
      const heard = [];
      client.addEventListener("notification", ({ detail }) => heard.push(detail.data));
      return { whenDone: client.completeRecord(request).then(() => heard.slice()) };
    },
    { ...request, referenceId: "behind" },
  );
  await simulator.call("wait-posts", { n: 1 });
  const sent = Array.from({ length: 250 }, (_, n) => n);
  for (const data of sent) {
    await simulator.call("publish", { channel, data });
  }
  await simulator.call("ack", { referenceId: "behind" });
  assert.deepEqual(await heard.evaluate(({ whenDone }) => whenDone), sent);
});

for (const form of ["object", "headers", "pairs", "function", "asyncFunction"]) {
  testInPage(`headers as ${form}`, async (page) => {
    const simulator = await Simulator.start();
    await page.evaluate(
      async (form, baseUrl, Authorization, request) => {
        const { createClient } = await import("/dist/index.js");
        const fields = { Authorization };
        const headers = {
          object: fields,
          headers: new Headers(fields),
          pairs: Object.entries(fields),
          function: () => fields,
          asyncFunction: async () => new Headers(fields),
        }[form];
        const client = await createClient({ baseUrl, headers });
        await client.completeRecord(request);
      },
      form,
      simulator.url,
      headers.Authorization,
      request,
    );
    assert.equal((await simulator.posts())[0].user, "agent");
  });
}

testInPage(
  "a headers function is asked again after a 401",
  async (page) => {
    const simulator = await Simulator.start();
    const asked = await page.evaluate(
      async (baseUrl, authorization, request) => {
        const { createClient } = await import("/dist/index.js");
        let asked = 0;
        const headers = () => {
          asked++;
          return { Authorization: asked === 1 ? "Bearer stale" : authorization };
        };
        const client = await createClient({ baseUrl, headers });
        await client.completeRecord(request);
        return asked;
      },
      simulator.url,
      headers.Authorization,
      request,
    );
    assert.equal(asked, 2);
  },
  { complaints: /401/ },
);

testInPage("leaves no global behind", async (page) => {
  const simulator = await Simulator.start();
  // Firefox makes them as they are first looked at, and so in any order.
  const names = () => page.evaluate(() => Object.getOwnPropertyNames(globalThis).sort());
  const before = await names();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  await complete(session, request);
  await session.evaluate(({ client }) => client.close());
  assert.deepEqual(await names(), before);
});

testInPage(
  "two copies of the package live side by side",
  async (page) => {
    const simulator = await Simulator.start();
    const result = await page.evaluate(
      async (options, request) => {
        const copies = await Promise.all([import("/dist/index.js"), import("/copy/index.js")]);
        const clients = await Promise.all(copies.map(({ createClient }) => createClient(options)));
        const both = await Promise.all(
          clients.map((client, i) =>
            client.completeRecord({ ...request, referenceId: `copy-${i}` }),
          ),
        );
        await clients[0].close();
        const error = await clients[0].completeRecord(request).catch((error) => error);
        const alone = await clients[1].completeRecord({ ...request, referenceId: "alone" });
        return {
          references: [...both, alone].map(({ referenceId }) => referenceId),
          code: error.code,
          own: copies.map(({ OutboundError }) => error instanceof OutboundError),
        };
      },
      { baseUrl: simulator.url, headers },
      request,
    );
    assert.deepEqual(result, {
      references: ["copy-0", "copy-1", "alone"],
      code: "CLOSED",
      own: [true, false],
    });
  },
  // Two that sign in at once may take each other's cookie, and with it the CSRF token.
  { complaints: /403/ },
);

testInPage("two clients in one module", async (page) => {
  const [one, two] = await Promise.all([Simulator.start(), Simulator.start({ holdAck: true })]);
  const fetched = site.paths.length;
  const first = await connect(page, { baseUrl: one.url, headers });
  await complete(first, request);
  const second = await connect(page, { baseUrl: two.url, headers });
  const settled = complete(second, { ...request, referenceId: "second" });
  await two.call("wait-posts", { n: 1 });
  await first.evaluate(({ client }) => client.close());
  await two.call("ack", { referenceId: "second" });
  assert.equal((await settled).value.referenceId, "second");
  const modules = site.paths.slice(fetched).filter((path) => path.endsWith(".wasm"));
  assert.deepEqual(modules, ["/dist/outbound.wasm"]);
});

testInPage("CallResult has the 54 names and codes, and is frozen", async (page) => {
  const [count, answer, wrongNumber, frozen] = await page.evaluate(async () => {
    const { CallResult } = await import("/dist/index.js");
    const { Answer, WrongNumber } = CallResult;
    return [Object.keys(CallResult).length, Answer, WrongNumber, Object.isFrozen(CallResult)];
  });
  assert.deepEqual([count, answer, wrongNumber, frozen], [54, 33, 53, true]);
});

testOverEach(
  "no POST that was answered is shown as canceled",
  async (page, over) => {
    const simulator = await Simulator.start();
    const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
    const network = host === "worker" ? page.workers()[0].client : await page.createCDPSession();
    const { count, ends } = await watchPosts(network);
    for (let i = 0; i < count; i++) {
      assert.ok((await complete(session, request)).value);
    }
    assert.deepEqual(await ends, Array(count).fill("finished"));
  },
  { needs: lacking.devTools },
);
