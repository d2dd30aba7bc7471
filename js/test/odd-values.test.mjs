// A page may pass anything: requests and options of odd values, at random. The
// seed of a failure is in its message; SEED=n runs that one again.

import assert from "node:assert/strict";
import { testInPage } from "./in-browser.mjs";
import { request, requests as samples } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Runs in the page: random requests, call options and client options; returns what should not be. */
async function tryOddValues({ seed, options, request, samples, requests, clients }) {
  const { createClient, OutboundError } = await import("/dist/index.js");
  let state = seed;
  const random = (n) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % n;
  };
  const thrower = () => {
    throw new RangeError("odd");
  };
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const circle = {};
  circle.self = circle;
  const odd = [
    () => undefined,
    () => null,
    () => true,
    () => Number.NaN,
    () => -0,
    () => Number.POSITIVE_INFINITY,
    () => 2 ** 53,
    () => 1e308,
    () => -1,
    () => 1.5,
    () => 0x7fffffff + 1,
    () => 10n ** 30n,
    () => "",
    () => "\ud800", // a lone surrogate
    () => "a\udfff\0\u2028",
    () => "x".repeat(100_000),
    () => "../../me",
    () => "12\r\nX: y",
    () => "__proto__",
    () => Symbol("s"),
    () => Symbol.iterator,
    () => thrower,
    () => class {},
    () => async () => ({}),
    () => [],
    () => new Array(1000).fill(0),
    () => Object.assign(new Array(5), { 4: 1 }), // with holes
    () => circle,
    () => Object.create(null),
    () => Object.freeze({ a: 1 }),
    () => new Date(Number.NaN),
    () => /x/g,
    () => new Map([[1, 2]]),
    () => new Uint8Array(10),
    () => new Proxy({}, { get: thrower, ownKeys: thrower, getOwnPropertyDescriptor: thrower }),
    () => new Proxy([], { get: thrower }),
    revoked,
    () => ({ toString: thrower, valueOf: thrower, toJSON: thrower, [Symbol.toPrimitive]: thrower }),
    () => ({
      get a() {
        throw new RangeError("odd");
      },
    }),
    () => new (class extends EventTarget {})(),
    () => document.body,
    () => globalThis,
    () =>
      Promise.reject(new Error("odd"))
        .catch(thrower)
        .catch(() => {}),
    () => AbortSignal.abort(revoked()),
    () => ({ aborted: false, addEventListener: thrower, removeEventListener: thrower }),
    // biome-ignore lint/suspicious/noThenProperty: a thenable that throws is odd, too
    () => ({ then: thrower }),
  ];
  const value = () => odd[random(odd.length)]();
  const names = (known) => [...known, "__proto__", "constructor", "toString", "", "then", "length"];
  const object = (known, base) => {
    const made = random(4) === 0 ? {} : { ...base };
    for (let i = random(4); i >= 0; i--) {
      const all = names(known);
      const name = all[random(all.length)];
      Object.defineProperty(made, name, {
        enumerable: random(10) > 0,
        configurable: true,
        ...(random(8) === 0 ? { get: thrower } : { value: value() }),
      });
    }
    return made;
  };
  const argument = (known, base) => {
    if (random(6) === 0) {
      return value();
    }
    const made = object(known, base);
    if (base?.otherFields && random(2)) {
      made.otherFields = object(["FirstName", "Note"], base.otherFields);
    }
    return made;
  };
  const callOptions = ["signal", "ackTimeout", "allowUnknownCallResult"];
  const fine = {
    // What a random request can come to beside being refused: it may be a good one.
    codes: ["INVALID_REQUEST", "ABORTED", "API_ERROR", "ACK_TIMEOUT", "REQUEST_TIMEOUT"],
  };

  const wrong = [];
  const within = (promise) =>
    Promise.race([
      promise.then(
        () => "resolved",
        (error) => error,
      ),
      new Promise((resolve) => setTimeout(resolve, 60_000, "never settled")),
    ]);
  const judge = (what, outcome) => {
    const good =
      outcome === "resolved" ||
      (outcome instanceof OutboundError &&
        fine.codes.includes(outcome.code) &&
        typeof outcome.message === "string" &&
        outcome.message.length < 20_000 &&
        (outcome.code !== "INVALID_REQUEST" || outcome.delivery === "not-sent"));
    if (!good) {
      wrong.push(`${what}: ${outcome?.code} ${outcome}`.slice(0, 300));
    }
  };

  const client = await createClient(options);
  const methods = Object.entries(samples);
  const common = ["referenceId", "operationName"];
  for (let i = 0; i < requests; i += 20) {
    const batch = Array.from({ length: 20 }, (_, j) => {
      const [method, base] = methods[random(methods.length)];
      let settled;
      try {
        settled = client[method](
          argument([...Object.keys(base), ...common], base),
          random(2) ? undefined : argument(callOptions, { ackTimeout: 1000 }),
        );
      } catch (error) {
        settled = Promise.reject(new Error(`it threw synchronously: ${error}`));
      }
      return within(settled).then((outcome) => judge(`request ${i + j}, ${method}`, outcome));
    });
    await Promise.all(batch);
  }
  const optionNames = ["baseUrl", "cometdPath", "transports", "headers", "credentials", "csrf"];
  optionNames.push(
    "channels",
    "connectTimeout",
    "requestTimeout",
    "ackTimeout",
    "signal",
    "logLevel",
    "worker",
    "wasmUrl",
    "wasmModule",
    "wasmIntegrity",
    "workerUrl",
  );
  fine.codes.push(
    "CONNECT_FAILED",
    "UNAUTHORIZED",
    "SUBSCRIBE_REFUSED",
    "LOAD_FAILED",
    "MODULE_EXITED",
    "HTTP_ERROR",
  );
  // Side by side: one that asks where nobody is may take its 10 s.
  for (let i = 0; i < clients; i += 30) {
    const batch = Array.from({ length: 30 }, async (_, j) => {
      const made = createClient(argument(optionNames, { ...options, connectTimeout: 1000 }));
      judge(`options ${i + j}`, await within(made));
      made.then(
        (other) => other.close(),
        () => {},
      );
    });
    await Promise.all(batch);
  }
  // All that has harmed nobody.
  judge("what is good", await within(client.completeRecord(request)));
  const { notificationType } = await client.completeRecord(request);
  return { wrong, notificationType, pending: client.pending };
}

testInPage(
  `odd values, seed ${seed}`,
  async (page) => {
    const simulator = await Simulator.start();
    const options = { baseUrl: simulator.url, headers };
    const outcome = await page.evaluate(tryOddValues, {
      seed,
      options,
      request,
      samples,
      requests: 1000,
      clients: 60,
    });
    assert.deepEqual(outcome, {
      wrong: [],
      notificationType: "RecordProcessedAcknowledge",
      pending: 0,
    });
  },
  // Some of the clients ask where nobody is.
  {
    complaints:
      /Loading Worker from|Failed to load|ERR_|CORS|forbids|Content Security Policy|WebSocket|can’t establish|was interrupted|Cross-Origin/,
  },
);

/** Runs in the page: requests and options with long, many and invisible names; the errors, or what else comes of them. */
async function tryNames(options, bare) {
  const { createClient } = bare ? globalThis.gwsOutbound : await import("/dist/index.js");
  const caught = (promise) =>
    promise.then(
      () => null,
      ({ code, message, problems }) => ({ code, message, problems }),
    );
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, i]));
  const long = { ["x".repeat(2 ** 20)]: 1 };
  const thrower = {
    get baseUrl() {
      throw new Error("y".repeat(2 ** 20));
    },
  };
  const unseen = { "a\0\u202e\ud800": 1 };
  const client = await createClient(options);
  const errors = {};
  for (const [name, odd] of Object.entries({ many, long, thrower, unseen })) {
    errors[name] = [
      await caught(createClient(Object.defineProperties({ ...options }, props(odd)))),
      await caught(client.completeRecord(odd)),
      await caught(client.completeRecord({}, odd)),
      await caught(client.close(odd)),
    ];
  }
  await client.close();
  return errors;

  function props(object) {
    return Object.getOwnPropertyDescriptors(object);
  }
}

for (const path of ["/strict", "/bare"]) {
  testInPage(
    `errors stay short, whatever names a page passes, at ${path}`,
    async (page) => {
      const simulator = await Simulator.start();
      if (path === "/bare") {
        await page.evaluate(async () => {
          const go = new globalThis.Go();
          const code = fetch("/dist/outbound.wasm");
          const { instance } = await WebAssembly.instantiateStreaming(code, go.importObject);
          go.run(instance);
        });
      }
      const options = { baseUrl: simulator.url, headers };
      const errors = await page.evaluate(tryNames, options, path === "/bare");
      for (const [name, list] of Object.entries(errors)) {
        for (const [i, error] of list.entries()) {
          const which = `${name} ${i}`;
          assert.equal(error?.code, "INVALID_REQUEST", which);
          assert.ok(error.message.length < 5000, `${which}: ${error.message.length}`);
          assert.ok(error.problems.length <= 33, `${which}: ${error.problems.length} problems`);
          for (const { field, message } of error.problems) {
            assert.ok(field.length <= 301 && message.length <= 501, which);
          }
        }
      }
      for (const { problems } of errors.many) {
        const all = problems.map(({ message }) => message).join("\n");
        assert.match(all, /has 100\d\d properties, of which the first 101 were looked at/);
        assert.match(problems.at(-1).message, /^\d+ more problems$|^has 10000 properties/);
      }
      for (const { problems } of errors.unseen) {
        assert.ok(
          problems.some(({ field }) => field === "a\\x00\\u202e\\ufffd"),
          JSON.stringify(problems),
        );
      }
    },
    { path },
  );
}

/** Runs in the page: a client whose options are changed while the module loads, and what it then hears. */
async function changeOptions(options, request) {
  const { createClient } = await import("/dist/index.js");
  const channels = ["/v2/me/calls"];
  const transports = ["long-polling"];
  const given = { ...options, channels, transports };
  const connecting = createClient(given);
  channels[0] = "nonsense";
  transports.length = 0;
  Object.assign(given, { baseUrl: "nonsense", headers: 5 });
  const client = await connecting;
  const { notificationType } = await client.completeRecord(request);
  const { transport } = client;
  await client.close();
  return { notificationType, transport };
}

testInPage("options are those at the call, though the page changes them later", async (page) => {
  const simulator = await Simulator.start();
  const outcome = await page.evaluate(changeOptions, { baseUrl: simulator.url, headers }, request);
  assert.deepEqual(outcome, {
    notificationType: "RecordProcessedAcknowledge",
    transport: "long-polling",
  });
});

/** Runs in the page: texts as long as there can be; what is said of them, and whether the module lives on. */
async function tryLongTexts(options, request, samples) {
  const { createClient } = await import("/dist/index.js");
  const longest = "x".repeat(2 ** 29 - 24);
  const client = await createClient(options);
  const errors = [];
  for (const call of [
    () => client.completeRecord({ ...request, phoneNumber: longest }),
    () => client.completeRecord({ ...request, recordHandle: longest }),
    () => client.completeRecord(longest),
    () => client.completeRecord(request, { ackTimeout: longest }),
    () => client.addRecord({ ...samples.addRecord, otherFields: { Note: longest } }),
    () => client.subscribe(longest, () => {}),
    () => client.forget(longest),
    () => client.close(longest),
    () => createClient({ ...options, baseUrl: longest }),
    () => createClient({ ...options, channels: [longest] }),
    () => createClient({ ...options, headers: { authorization: longest } }),
    () => createClient({ ...options, headers: () => ({ authorization: longest }) }),
  ]) {
    errors.push(
      await call().then(String, ({ code, message }) => `${code}: ${message.slice(0, 1000)}`),
    );
  }
  const { pending } = client;
  const { notificationType } = await client.completeRecord(request);
  await client.close();
  return { errors, pending, notificationType };
}

testInPage("texts as long as can be are refused, and the module lives on", async (page) => {
  const simulator = await Simulator.start();
  const options = { baseUrl: simulator.url, headers };
  const outcome = await page.evaluate(tryLongTexts, options, request, samples);
  const fields = ["phoneNumber", "recordHandle", "request", "ackTimeout", "otherFields.Note"];
  fields.push("channel", "referenceId", "options", "baseUrl", "channels", "headers");
  for (const [i, field] of fields.entries()) {
    assert.match(outcome.errors[i], RegExp(`^INVALID_REQUEST: .*\\b${field}: `));
  }
  assert.match(outcome.errors.at(-1), /headers option failed: .*more than 1000000 characters/);
  assert.deepEqual([outcome.pending, outcome.notificationType], [0, "RecordProcessedAcknowledge"]);
});
