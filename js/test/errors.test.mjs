// Every error that can be provoked from outside, with what is known about the
// delivery. LOAD_FAILED is in load.test.mjs, MODULE_EXITED in program.test.mjs.

import assert from "node:assert/strict";
import { failures, lacking } from "./engine.mjs";
import { complete, connect, host, settle, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { unusedOrigin } from "./site.mjs";

/** Asserts some fields of an error, and those that every error has. */
function assertError({ error, value }, expected) {
  assert.ok(error, `resolved with ${JSON.stringify(value)}`);
  const { message = /./, ...fields } = expected;
  assert.match(error.message, message);
  for (const [name, wanted] of Object.entries(fields)) {
    assert.deepEqual(error[name], wanted, `${name} of: ${error.code}: ${error.message}`);
  }
  assert.equal(error.name, expected.code === "ABORTED" ? "AbortError" : "OutboundError");
  assert.ok(error.isOutboundError && error.isError, "it is an OutboundError");
  assert.doesNotMatch(JSON.stringify(error), /secret|YWdlbnQ6c2VjcmV0/, "credentials in an error");
}

/**
 * Resolves when the client has read the answer to the first POST of a record, which the simulator
 * does not acknowledge: when a second one has come to its end.
 */
async function recordAnswered(session, simulator) {
  await simulator.call("wait-posts", { n: 1 });
  const second = complete(session, { ...request, referenceId: "second" });
  await simulator.call("wait-posts", { n: 2 });
  await simulator.call("ack", { referenceId: "second" });
  await second;
}

const connecting = [
  {
    name: "nobody there",
    options: { baseUrl: await unusedOrigin(), connectTimeout: 3000 },
    expected: { code: "CONNECT_FAILED", message: /GET .*no response/ },
  },
  {
    name: "wrong password",
    options: { headers: { Authorization: `Basic ${btoa("agent:wrong")}` } },
    expected: { code: "UNAUTHORIZED", httpStatus: 401, message: /\(errors\.md#unauthorized\)$/ },
  },
  {
    name: "no credentials",
    options: { headers: undefined },
    expected: { code: "UNAUTHORIZED", httpStatus: 401, message: /\(errors\.md#unauthorized\)$/ },
  },
  {
    name: "handshake denied",
    behavior: { refuseHandshake: "403::Handshake denied", refuseHandshakeAdvice: "none" },
    expected: { code: "HANDSHAKE_REFUSED", message: /403::Handshake denied.*#handshake-refused/ },
  },
  {
    name: "subscription denied",
    behavior: { refuseSubscribe: "403:/v2/me/outbound:Subscription denied" },
    expected: { code: "SUBSCRIBE_REFUSED", message: /Subscription denied.*#subscribe-refused/ },
  },
  {
    name: "one of further channels denied",
    behavior: { refuseSubscribe: "403::No", refuseChannel: "/v2/me/chats" },
    options: { channels: ["/v2/me/chats"] },
    expected: { code: "SUBSCRIBE_REFUSED", message: /\/v2\/me\/chats/ },
  },
  {
    name: "a server that speaks nonsense",
    behavior: { nonsense: "{}", noLongPolling: true },
    options: { connectTimeout: 1500 },
    expected: { code: "CONNECT_FAILED" },
  },
  {
    name: "a login page at sign-in",
    behavior: { redirect: true },
    expected: { message: /redirect|HTML|login/i },
  },
];
for (const { name, behavior, options, expected } of connecting) {
  testInPage(
    `connecting: ${name}`,
    async (page) => {
      const simulator = await Simulator.start(behavior);
      const outcome = await settle(page, "createClient", {
        baseUrl: simulator.url,
        headers,
        ...options,
      });
      assertError(outcome, { delivery: "not-sent", ...expected });
      assert.match(outcome.error.message, /errors\.md#[\w-]+/);
    },
    { complaints: failures },
  );
}

// An ackTimeout leaves time for the answer to the POST, also on a busy machine.
const completing = [
  {
    name: "a status code other than 0",
    behavior: { statusCode: 6, statusMessage: "No such record." },
    expected: {
      code: "API_ERROR",
      delivery: "rejected",
      httpStatus: 200,
      statusCode: 6,
      statusMessage: "No such record.",
      message: /resource not found.*No such record/i,
    },
  },
  {
    name: "a lack of rights names the feature",
    behavior: { statusCode: 5 },
    expected: { code: "API_ERROR", delivery: "rejected", message: /api-voice-outbound/ },
  },
  {
    name: "the session at the server has ended, and the headers do not help",
    behavior: { rejectAuth: 100 },
    expected: { code: "UNAUTHORIZED", delivery: "rejected", httpStatus: 401 },
  },
  {
    name: "HTTP 404",
    behavior: { postStatus: 404, postBody: "gone", postContentType: "text/plain" },
    expected: { code: "HTTP_ERROR", delivery: "rejected", httpStatus: 404 },
  },
  {
    name: "HTTP 502",
    behavior: { postStatus: 502, postBody: "<h1>Bad Gateway</h1>" },
    options: { ackTimeout: 4000 },
    expected: { code: "HTTP_ERROR", delivery: "unknown", httpStatus: 502 },
  },
  {
    name: "HTML where JSON belongs",
    behavior: { postBody: "<!doctype html><title>Sign in</title>" },
    options: { ackTimeout: 4000 },
    expected: { code: "HTTP_ERROR", delivery: "unknown", httpStatus: 200, message: /HTML/ },
  },
  {
    name: "a body that is not JSON",
    behavior: { postBody: '{"statusCode":', postContentType: "application/json" },
    options: { ackTimeout: 4000 },
    expected: { code: "HTTP_ERROR", delivery: "unknown", httpStatus: 200 },
  },
  {
    name: "the connection of the POST is cut",
    behavior: { postCut: true },
    options: { ackTimeout: 5000 },
    expected: { code: "NETWORK_ERROR", delivery: "unknown" },
  },
  {
    name: "the POST is not answered in time",
    behavior: { postDelayMS: 20_000, noAck: true },
    client: { requestTimeout: 3000 }, // in which it also signs in
    options: { ackTimeout: 10_000 },
    expected: { code: "REQUEST_TIMEOUT", delivery: "unknown" },
  },
  {
    name: "another event with this reference",
    behavior: { notification: "RecordProcessedError" },
    expected: { code: "RECORD_ERROR", delivery: "accepted", message: /RecordProcessedError/ },
    check: ({ event }) => {
      assert.equal(event.notificationType, "RecordProcessedError");
      assert.equal(event.record.recordHandle, request.recordHandle);
    },
  },
  {
    name: "accepted, and no acknowledgement",
    behavior: { noAck: true },
    options: { ackTimeout: 4000 },
    expected: {
      code: "ACK_TIMEOUT",
      delivery: "accepted",
      message: /^GWS accepted .*\(errors\.md#ack-timeout\)$/,
    },
  },
];
for (const { name, behavior, client, options, expected, check } of completing) {
  testInPage(
    `completing: ${name}`,
    async (page) => {
      const simulator = await Simulator.start();
      const session = await connect(page, { baseUrl: simulator.url, headers, ...client });
      await simulator.set(behavior);
      const referenceId = "ref-of-the-failure";
      const outcome = await complete(session, { ...request, referenceId }, options);
      assertError(outcome, { referenceId, ...expected });
      check?.(outcome.error);
      assert.equal(await session.evaluate(({ client }) => client.pending), 0);
    },
    { complaints: failures },
  );
}

testInPage("every wrong field is named at once, and nothing is sent", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const wrong = {
    recordHandle: -1,
    applicationId: "one",
    campaignName: "",
    callingList: 7,
    // devicePath is missing
    callResult: "Anser",
    phoneNumber: false,
    referenceId: {},
    operationName: "RejectRecord",
    surprise: 1,
  };
  const outcome = await complete(session, wrong);
  assertError(outcome, { code: "INVALID_REQUEST", delivery: "not-sent" });
  const named = outcome.error.problems.map(({ field }) => field);
  assert.deepEqual(named.sort(), [...Object.keys(wrong), "devicePath"].sort());
  for (const field of named) {
    assert.ok(outcome.error.message.includes(field), `${field} in: ${outcome.error.message}`);
  }
  assert.match(outcome.error.message, /did you mean 'Answer'\?/);
  assert.deepEqual(await simulator.posts(), []);
});

testInPage("what is no request, or no options, is refused", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const outcomes = await session.evaluate(async ({ client, outcome, OutboundError }, request) => {
    const hostile = {
      get recordHandle() {
        throw new RangeError("not today");
      },
    };
    const calls = [
      ...[undefined, null, 12, "12", [], () => {}, Symbol("12"), hostile].map((bad) => [bad]),
      ...[1, "x", [], { ackTimeout: -1 }, { signal: {} }, { surprise: 1 }, { ackTimeout: NaN }].map(
        (bad) => [request, bad],
      ),
    ];
    return Promise.all(calls.map((call) => outcome(client.completeRecord(...call), OutboundError)));
  }, request);
  for (const outcome of outcomes) {
    assertError(outcome, { code: "INVALID_REQUEST", delivery: "not-sent" });
  }
  assert.deepEqual(await simulator.posts(), []);
});

testInPage("a value that cannot be turned into text is refused, and harms nobody", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const outcomes = await session.evaluate(({ client, outcome, OutboundError }, request) => {
    const hostile = {
      toString() {
        throw new Error("toString");
      },
      get recordHandle() {
        throw new Error("getter");
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const bad = [hostile, proxy, Object.create(null), Symbol("s"), 12n, () => {}];
    return Promise.all(
      bad.map((callResult) =>
        outcome(client.completeRecord({ ...request, callResult }), OutboundError),
      ),
    );
  }, request);
  for (const outcome of outcomes) {
    assertError(outcome, { code: "INVALID_REQUEST", delivery: "not-sent", message: /callResult/ });
  }
  assert.ok((await complete(session, request)).value, "the client still works");
});

const wrongOptions = {
  baseUrl: "not a URL",
  cometdPath: 7,
  transports: ["carrier-pigeon"],
  headers: 7,
  credentials: "maybe",
  csrf: "yes",
  channels: ["no-slash"],
  connectTimeout: -1,
  requestTimeout: 0.5,
  ackTimeout: "soon",
  allowUnknownCallResult: 1,
  signal: {},
  log: "console",
  logLevel: "loud",
  surprise: true,
};
for (const [name, value] of Object.entries(wrongOptions)) {
  testInPage(`a wrong option is named: ${name}`, async (page) => {
    const outcome = await settle(page, "createClient", { [name]: value });
    assertError(outcome, { code: "INVALID_REQUEST", delivery: "not-sent" });
    assert.ok(outcome.error.message.includes(name), outcome.error.message);
    assert.deepEqual(
      outcome.error.problems.map(({ field }) => field.replace(/\W.*/, "")),
      [name],
    );
  });
}

testInPage("an object whose class has no properties is no options", async (page) => {
  const outcomes = await page.evaluate(async () => {
    const [{ createClient, OutboundError, load }, { outcome }] = await Promise.all([
      import("/dist/index.js"),
      import("/in-page.js"),
    ]);
    return Promise.all([
      outcome(createClient(new Map([["baseUrl", "https://gws.example"]])), OutboundError),
      outcome(createClient(new Headers({ authorization: "x" })), OutboundError),
      outcome(load(new Date()), OutboundError),
    ]);
  });
  for (const [i, type] of ["Map", "Headers", "Date"].entries()) {
    assertError(outcomes[i], {
      code: "INVALID_REQUEST",
      delivery: "not-sent",
      message: RegExp(`options: must be a plain object, got .object ${type}`),
    });
  }
});

testInPage("a base URL that the browser cannot use is named at once", async (page) => {
  for (const baseUrl of ["http://[::1%25lo]:8080", "http://[1::2::3]", "http://1.2.3.4.5"]) {
    const outcome = await settle(page, "createClient", { baseUrl });
    assertError(outcome, { code: "INVALID_REQUEST", delivery: "not-sent", message: /baseUrl/ });
  }
});

testInPage("all wrong options are named at once", async (page) => {
  const { error } = await settle(page, "createClient", wrongOptions);
  for (const name of Object.keys(wrongOptions)) {
    assert.ok(error.message.includes(name), `${name} in: ${error.message}`);
  }
});

testInPage("an unknown call result passes where it is allowed", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const odd = { ...request, callResult: "OurOwnResult" };
  assertError(await complete(session, odd), { code: "INVALID_REQUEST", delivery: "not-sent" });
  assert.ok((await complete(session, odd, { allowUnknownCallResult: true })).value);
  const lenient = await connect(page, {
    baseUrl: simulator.url,
    headers,
    allowUnknownCallResult: true,
  });
  assert.ok((await complete(lenient, odd)).value);
});

testInPage("a referenceId that is in flight is refused", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const twice = { ...request, referenceId: "twice" };
  const first = complete(session, twice);
  await simulator.call("wait-posts", { n: 1 });
  assertError(await complete(session, twice), {
    code: "INVALID_REQUEST",
    delivery: "not-sent",
    message: /referenceId: .* in flight/,
  });
  await simulator.call("ack", { referenceId: "twice" });
  assert.equal((await first).value.referenceId, "twice");
  assert.equal((await simulator.posts()).length, 1);
});

testInPage("aborted before anything is sent", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const outcome = await session.evaluate(({ client, outcome, OutboundError }, request) => {
    const signal = AbortSignal.abort({ my: "reason" });
    return outcome(client.completeRecord(request, { signal }), OutboundError);
  }, request);
  assertError(outcome, { code: "ABORTED", delivery: "not-sent", cause: { my: "reason" } });
  assert.deepEqual(await simulator.posts(), []);
});

testInPage("a signal keeps no listener of a call that has ended", async (page) => {
  const simulator = await Simulator.start();
  await page.evaluate(() => {
    globalThis.listeners = new Set();
    const { prototype } = EventTarget;
    for (const [name, note] of [
      ["addEventListener", "add"],
      ["removeEventListener", "delete"],
    ]) {
      const own = prototype[name];
      prototype[name] = function (...given) {
        if (this instanceof AbortSignal) globalThis.listeners[note](given[1]);
        return own.apply(this, given);
      };
    }
  });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const counts = await session.evaluate(async ({ client, outcome }, request) => {
    const { signal } = new AbortController();
    const { listeners } = globalThis;
    const counts = [];
    for (const called of [request, {}]) {
      const pending = client.completeRecord(called, { signal });
      pending.catch(() => {});
      counts.push(listeners.size);
      await outcome(pending);
      counts.push(listeners.size);
    }
    return counts;
  }, request);
  const wrong = host === "worker" ? 1 : 0; // on the page's thread, a wrong request is refused at once
  assert.deepEqual(counts, [1, 0, wrong, 0]);
});

testInPage("a signal whose own functions throw is a signal all the same", async (page) => {
  const simulator = await Simulator.start();
  const outcomes = await page.evaluate(
    async (options, request) => {
      const [{ createClient, OutboundError }, { outcome }] = await Promise.all([
        import("/dist/index.js"),
        import("/in-page.js"),
      ]);
      const controllers = [];
      const odd = () => {
        const controller = new AbortController();
        controllers.push(controller);
        const refuse = () => {
          throw new Error("no");
        };
        for (const name of ["addEventListener", "removeEventListener"]) {
          Object.defineProperty(controller.signal, name, { value: refuse });
        }
        for (const name of ["aborted", "reason"]) {
          Object.defineProperty(controller.signal, name, { get: refuse });
        }
        return controller.signal;
      };
      const client = await createClient({ ...options, signal: odd() });
      const settled = [
        await outcome(client.completeRecord(request, { signal: odd() }), OutboundError),
      ];
      for (const call of [
        (signal) => client.completeRecord(request, { signal }),
        (signal) => createClient({ ...options, wasmUrl: "/dist/outbound.wasm?other", signal }),
      ]) {
        const pending = outcome(call(odd()), OutboundError);
        controllers.at(-1).abort("enough");
        settled.push(await pending);
      }
      const { pending } = client;
      const { value } = await outcome(client.completeRecord(request));
      await client.close();
      return { settled, pending, lives: value?.notificationType };
    },
    { baseUrl: simulator.url, headers },
    request,
  );
  const [completed, ...aborted] = outcomes.settled;
  assert.equal(completed.value?.notificationType, "RecordProcessedAcknowledge");
  for (const outcome of aborted) {
    assertError(outcome, { code: "ABORTED", cause: "enough" });
  }
  assert.deepEqual([outcomes.pending, outcomes.lives], [0, "RecordProcessedAcknowledge"]);
});

testInPage("aborted after it was accepted", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const controller = await page.evaluateHandle(() => new AbortController());
  const settled = session.evaluate(
    ({ client, outcome, OutboundError }, request, { signal }) =>
      outcome(client.completeRecord(request, { signal }), OutboundError),
    { ...request, referenceId: "late" },
    controller,
  );
  await recordAnswered(session, simulator);
  await controller.evaluate((controller) => controller.abort("enough"));
  assertError(await settled, {
    code: "ABORTED",
    delivery: "accepted",
    cause: "enough",
    referenceId: "late",
  });
});

testInPage(
  "aborted while connecting",
  async (page) => {
    const simulator = await Simulator.start({ refuseHandshake: "500::Not now" });
    const outcome = await page.evaluate(
      async (options) => {
        const [{ createClient, OutboundError, load }, { outcome }] = await Promise.all([
          import("/dist/index.js"),
          import("/in-page.js"),
        ]);
        await load();
        return outcome(
          createClient({ ...options, signal: AbortSignal.timeout(500) }),
          OutboundError,
        );
      },
      { baseUrl: simulator.url, headers },
    );
    assertError(outcome, { code: "ABORTED", delivery: "not-sent" });
    assert.match(outcome.error.cause, /^TimeoutError: /);
  },
  { complaints: failures },
);

testInPage(
  "an error of a browser that is offline says so",
  async (page) => {
    const simulator = await Simulator.start({ holdAck: true });
    const session = await connect(page, { baseUrl: simulator.url, headers, ackTimeout: 7000 });
    const accepted = complete(session, { ...request, referenceId: "accepted" });
    await recordAnswered(session, simulator);
    await page.setOfflineMode(true);
    const refused = complete(session, request, { ackTimeout: 3000 });
    assertError(await refused, { code: "NETWORK_ERROR", message: /the browser is offline/ });
    assertError(await accepted, { code: "ACK_TIMEOUT", message: /the browser is offline/ });
  },
  { complaints: new RegExp(`${failures.source}|ERR_`), needs: lacking.devTools },
);

testInPage("closed while pending, and after", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const settled = complete(session, { ...request, referenceId: "open" });
  await recordAnswered(session, simulator);
  await session.evaluate(({ client }) => client.close());
  assertError(await settled, { code: "CLOSED", delivery: "accepted", referenceId: "open" });
  assertError(await complete(session, request), { code: "CLOSED", delivery: "not-sent" });
  assert.equal((await simulator.posts()).length, 2);
});

testInPage("the server ends the session for good", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const settled = complete(session, { ...request, referenceId: "kicked" });
  await recordAnswered(session, simulator);
  await simulator.call("kick");
  assertError(await settled, {
    code: "DISCONNECTED",
    delivery: "accepted",
    referenceId: "kicked",
  });
  const closed = await session.evaluate(({ client, events }) => [
    client.state,
    events.at(-1).state,
  ]);
  assert.deepEqual(closed, ["closed", "closed"]);
  assertError(await complete(session, request), { code: "DISCONNECTED", delivery: "not-sent" });
});
