// The module in a dedicated Worker: that it is there, what crosses, where it
// falls back to the calling thread, and how it ends.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after } from "node:test";
import { lacking } from "./engine.mjs";
import { complete, connect, host, site, testInPage as test } from "./in-browser.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { dist, startSite } from "./site.mjs";

const cdn = await startSite({ shared: true });
after(() => cdn.close());
const workerScript = await readFile(new URL("worker.js", dist), "utf8");

/** These are about the Worker: there is nothing to be seen where it is not used. */
const testInPage = host === "worker" ? test : () => {};

const here = "gws-outbound: the module runs on the calling thread: ";

/**
 * The Workers that run the module, by the names of the locks that they hold: the browser gives
 * one free when its Worker is no more. What runs on the page's thread holds none.
 */
function workers(page) {
  return page.evaluate(() =>
    navigator.locks.request("the page's own", async (own) => {
      const { held } = await navigator.locks.query();
      const { clientId } = held.find(({ name }) => name === own.name);
      return held
        .filter((lock) => lock.clientId !== clientId && lock.name.startsWith("gws-outbound "))
        .map(({ name }) => name);
    }),
  );
}

/** Waits until the Worker is no more. */
function workerEnded(page, name) {
  return page.evaluate((name) => navigator.locks.request(name, () => {}), name);
}

/** Runs in the page: counts what the Workers' ports bring, by kind. */
function countMessages() {
  globalThis.counts = {};
  const { set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
  Object.defineProperty(MessagePort.prototype, "onmessage", {
    set(listener) {
      set.call(this, (event) => {
        for (const { kind } of [JSON.parse(event.data)].flat()) {
          globalThis.counts[kind] = (globalThis.counts[kind] ?? 0) + 1;
        }
        listener.call(this, event);
      });
    },
  });
}

testInPage("each client has a Worker, which ends with it", async (page) => {
  const simulator = await Simulator.start();
  const options = { baseUrl: simulator.url, headers };
  const first = await connect(page, options);
  const [one, ...others] = await workers(page);
  assert.ok(one, "it has a Worker");
  assert.deepEqual(others, []);
  const second = await connect(page, options);
  const two = (await workers(page)).filter((name) => name !== one);
  assert.equal(two.length, 1);
  await first.evaluate(({ client }) => client.close());
  await workerEnded(page, one);
  assert.deepEqual(await workers(page), two);
  await simulator.call("wait-sessions", { n: 1 });
  const referenceId = "second";
  assert.deepEqual(await complete(second, { ...request, referenceId }), {
    value: { ...acknowledgement, referenceId },
  });
});

testInPage("worker: false keeps it on the page's thread, without a word", async (page, said) => {
  const simulator = await Simulator.start();
  const options = { baseUrl: simulator.url, headers, logLevel: "info", worker: false };
  const session = await connect(page, options);
  assert.ok((await complete(session, request)).value);
  assert.deepEqual(await workers(page), []);
  assert.deepEqual(
    said.filter((line) => line.includes(here)),
    [],
  );
});

testInPage("worker.js may be elsewhere", async (page) => {
  const simulator = await Simulator.start();
  const options = { baseUrl: simulator.url, headers, workerUrl: "/dist/worker.js" };
  const session = await connect(page, options, "/lone/index.js");
  assert.ok((await complete(session, request)).value);
  assert.equal(await session.evaluate(({ client }) => client.host), "worker");
});

const fallbacks = {
  "there is no Worker": {
    prepare: () => {
      delete globalThis.Worker;
    },
    reason: "there is no Worker in this scope",
  },
  "the constructor throws": {
    prepare: () => {
      globalThis.Worker = class {
        constructor() {
          throw new DOMException("not here", "SecurityError");
        }
      };
    },
    reason: /no Worker could be made \(SecurityError: not here\)/,
  },
  "the page's policy forbids it": {
    path: "/no-worker",
    reason: /worker-src/,
    complaints: /worker-src/,
  },
  "worker.js is missing": {
    from: "/lone/index.js",
    reason: /worker.js could not be loaded: worker.js must be beside index.js or at workerUrl/,
    complaints: /404|lone\/worker\.js/,
  },
  "the page's policy demands Trusted Types": {
    path: "/trusted-types",
    reason: /TrustedScriptURL.*policy named default must let the URL of worker\.js pass/,
    complaints: /TrustedScriptURL|require-trusted-types-for/,
    needs: lacking.trustedTypes,
  },
  "worker.js comes without the page's Cross-Origin-Embedder-Policy": {
    path: "/embedder-policy",
    reason: /worker\.js could not be loaded: .*Cross-Origin-Embedder-Policy, worker\.js must be/,
    complaints: /ERR_BLOCKED_BY_RESPONSE|Cross-Origin-Embedder-Policy|worker\.js/,
  },
  "the package is on another origin, such as a CDN": {
    path: "/no-policy",
    from: `${cdn.url}/dist/index.js`,
    reason: /worker\.js must be beside index\.js or at workerUrl, on the page's own origin/,
    complaints: /worker\.js/,
  },
  "worker.js is of another build": {
    from: "/other-build/index.js",
    reason: /worker\.js is of another build than index\.js/,
  },
  "worker.js does not run": {
    from: "/broken/index.js",
    reason: /the Worker failed: .*not a worker/,
    complaints: /not a worker/,
  },
};
for (const folder of [
  "lone",
  "broken",
  "other-build",
  "doomed",
  "lockless",
  "closing",
  "silent",
  "starting",
  "hung",
]) {
  site.files.set(`/${folder}/index.js`, new URL("index.js", dist));
  site.files.set(`/${folder}/outbound.wasm`, new URL("outbound.wasm", dist));
}
site.files.set("/broken/worker.js", `throw new Error("not a worker")`);
const [build] = workerScript.match(/[0-9a-f]{16}/);
site.files.set("/other-build/worker.js", workerScript.replaceAll(build, "0123456789abcdef"));
// Not every driver can end a Worker: this one ends itself.
const doom = `new BroadcastChannel("doom").onmessage = () => close();`;
site.files.set("/doomed/worker.js", `${workerScript}\n${doom}`);

const withoutLocks =
  'Object.defineProperty(WorkerNavigator.prototype, "locks", { value: undefined });';
site.files.set("/lockless/worker.js", `${withoutLocks}\n${workerScript}\n${doom}`);
site.files.set("/closing/worker.js", "onmessage = () => close();");
site.files.set("/silent/worker.js", "");
site.files.set(
  "/starting/worker.js",
  `WebAssembly.instantiate = () => { close(); return new Promise(() => {}); };\n${workerScript}`,
);
site.files.set(
  "/hung/worker.js",
  `${workerScript}\nnew BroadcastChannel("doom").onmessage = () => { for (;;); };`,
);

for (const [name, fallback] of Object.entries(fallbacks)) {
  const { prepare, path, from, reason, complaints, needs } = fallback;
  testInPage(
    `on the calling thread, and it says why: ${name}`,
    async (page, said) => {
      const simulator = await Simulator.start();
      if (prepare) {
        await page.evaluate(prepare);
      }
      const session = await connect(page, { baseUrl: simulator.url, headers }, from);
      assert.ok((await complete(session, request)).value);
      assert.equal(await session.evaluate(({ client }) => client.host), "page");
      while ((await workers(page)).length > 0); // one that was made is ended
      await session.evaluate(({ client }) => client.close());
      const lines = said.filter((line) => line.includes(here));
      assert.equal(lines.length, 1, said.join("\n"));
      assert.match(lines[0], /^warn/);
      assert.match(lines[0], reason instanceof RegExp ? reason : new RegExp(reason));
    },
    { path, complaints, needs },
  );
}

const remedies = {
  "a Trusted Types policy that lets worker.js pass": {
    path: "/trusted-types",
    prepare: () => {
      const createScriptURL = (url) => (url.endsWith("/dist/worker.js") ? url : undefined);
      globalThis.trustedTypes?.createPolicy("default", { createScriptURL });
    },
  },
  "a worker.js with the page's Cross-Origin-Embedder-Policy": {
    path: "/embedder-policy",
    options: { workerUrl: "/embedder-policy/worker.js" },
  },
  "a copy of worker.js for a package on a CDN": {
    path: "/no-policy",
    from: `${cdn.url}/dist/index.js`,
    options: { workerUrl: "/dist/worker.js" },
  },
};
for (const [name, { path, prepare = () => {}, from, options }] of Object.entries(remedies)) {
  testInPage(
    `in a Worker, by the remedy: ${name}`,
    async (page) => {
      const simulator = await Simulator.start();
      await page.evaluate(prepare);
      const session = await connect(page, { baseUrl: simulator.url, headers, ...options }, from);
      assert.ok((await complete(session, request)).value);
      assert.equal(await session.evaluate(({ client }) => client.host), "worker");
    },
    { path },
  );
}

testInPage("a Worker that dies rejects every call, with what is known", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers }, "/doomed/index.js");
  const settled = complete(session, { ...request, referenceId: "orphan" });
  await simulator.call("wait-posts", { n: 1 });
  await page.evaluate(() => new BroadcastChannel("doom").postMessage("now"));
  const { error } = await settled;
  assert.equal(error.code, "MODULE_EXITED");
  assert.match(error.delivery, /^(unknown|accepted)$/); // as far as the answer had come
  assert.equal(error.referenceId, "orphan");
  assert.match(error.message, /was lost: its Worker has ended; createClient\(\) starts a new one/);
  const [state, pending, last] = await session.evaluate(({ client, events }) => [
    client.state,
    client.pending,
    events.at(-1),
  ]);
  assert.deepEqual([state, pending], ["closed", 0]);
  assert.deepEqual(last, {
    type: "statechange",
    state: "closed",
    transport: null,
    reason: error.message,
  });
  const later = await complete(session, request);
  assert.equal(later.error.code, "MODULE_EXITED");
  assert.equal(later.error.delivery, "not-sent");
  await session.evaluate(({ client }) => client.close());
});

// As in an insecure context, such as an intranet without https.
testInPage("a Worker that dies where there are no Web Locks is noticed", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  await page.evaluate(() => {
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
  });
  const options = { baseUrl: simulator.url, headers };
  const session = await connect(page, options, "/lockless/index.js");
  const idle = await connect(page, options, "/lockless/index.js");
  const settled = complete(session, { ...request, referenceId: "orphan" });
  await simulator.call("wait-posts", { n: 1 });
  await page.evaluate(() => new BroadcastChannel("doom").postMessage("now"));
  const { error } = await settled;
  assert.equal(error.code, "MODULE_EXITED");
  assert.match(error.delivery, /^(unknown|accepted)$/);
  assert.equal(error.referenceId, "orphan");
  assert.match(error.message, /does not answer/);
  const closed = await idle.evaluate(
    ({ client }) =>
      new Promise((resolve) => {
        client.addEventListener("statechange", ({ detail }) => resolve(detail.state));
        if (client.state === "closed") resolve("closed");
      }),
  );
  assert.equal(closed, "closed", "also the one that nobody asks for anything");
});

testInPage("a Worker that hangs is noticed while something is pending", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers }, "/hung/index.js");
  const settled = complete(session, request);
  await simulator.call("wait-posts", { n: 1 });
  const posted = page.evaluate(() => new BroadcastChannel("doom").postMessage("now"));
  await posted;
  const { error } = await settled;
  assert.equal(error.code, "MODULE_EXITED");
  assert.match(error.delivery, /^(unknown|accepted)$/);
  assert.match(error.referenceId, /^[0-9a-f-]{36}$/, "the generated one");
});

for (const [folder, what] of Object.entries({
  closing: "dies before it says a word",
  silent: "never answers",
  starting: "dies while the program starts",
})) {
  testInPage(`a Worker that ${what} rejects createClient`, async (page) => {
    const simulator = await Simulator.start();
    const { error } = await page.evaluate(
      async (options, from) => {
        const [{ createClient, OutboundError }, { outcome }] = await Promise.all([
          import(from),
          import("/in-page.js"),
        ]);
        return outcome(createClient(options), OutboundError);
      },
      { baseUrl: simulator.url, headers },
      `/${folder}/index.js`,
    );
    assert.equal(error.code, "MODULE_EXITED");
    assert.equal(error.delivery, "not-sent");
    assert.ok(error.isOutboundError);
  });
}

testInPage("the reason of an abort is the very same object", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const same = await session.evaluate(
    async ({ client, createClient }, request, options) => {
      const abortWith = async (reason, start, before) => {
        const controller = new AbortController();
        if (before) {
          controller.abort(reason);
        }
        const settled = start(controller.signal).catch((error) => error);
        if (!before) {
          controller.abort(reason);
        }
        const error = await settled;
        return [error.code, error.delivery, error.cause === reason];
      };
      const completing = (signal) => client.completeRecord(request, { signal });
      const reasons = [{ a: () => {} }, () => {}, Symbol("s"), "text", 5n, new Error("e")];
      const result = [];
      for (const reason of reasons) {
        result.push(await abortWith(reason, completing, true));
        result.push(await abortWith(reason, completing, false));
      }
      const unreachable = { ...options, baseUrl: `${options.baseUrl}/nowhere` };
      const creating = (signal) => createClient({ ...unreachable, signal });
      result.push(await abortWith(reasons[0], creating, true));
      return result;
    },
    request,
    { baseUrl: simulator.url, headers },
  );
  for (const [code, delivery, same_] of same) {
    assert.equal(code, "ABORTED");
    assert.match(delivery, /^(not-sent|unknown)$/);
    assert.ok(same_);
  }
});

testInPage("what the headers function throws is the very same object", async (page) => {
  const simulator = await Simulator.start();
  const [code, message, same, where] = await page.evaluate(async (baseUrl) => {
    const { createClient } = await import("/dist/index.js");
    const thrown = Object.assign(new RangeError("no token"), { page: document, f() {} });
    let where;
    const headers = () => {
      where = globalThis.document === document;
      throw thrown;
    };
    const error = await createClient({ baseUrl, headers }).catch((error) => error);
    return [error.code, error.message, error.cause === thrown, where];
  }, simulator.url);
  assert.equal(code, "CONNECT_FAILED");
  assert.match(message, /the headers option failed: RangeError: no token/);
  assert.deepEqual([same, where], [true, true]);
});

testInPage("options and a request may be of a class, or made of others", async (page) => {
  const simulator = await Simulator.start();
  const outcome = await page.evaluate(
    async (baseUrl, headers, request) => {
      const { createClient } = await import("/dist/index.js");
      class Settings {
        #baseUrl = baseUrl;
        get baseUrl() {
          return this.#baseUrl;
        }
        get headers() {
          return headers;
        }
        check() {}
      }
      const client = await createClient(new Settings());
      const { campaignName, ...others } = request;
      const { record } = await client.completeRecord({ __proto__: { campaignName }, ...others });
      class Short extends Settings {
        get connectTimeout() {
          return 0;
        }
      }
      const { message } = await createClient(new Short()).catch((error) => error);
      return [record.campaignName === campaignName, message];
    },
    simulator.url,
    headers,
    request,
  );
  assert.equal(outcome[0], true);
  assert.match(outcome[1], /^wrong request or options, nothing was sent: connectTimeout: [^;]*$/);
});

testInPage("a Promise that nobody has awaited is named, and nothing is sent", async (page) => {
  const simulator = await Simulator.start();
  const messages = await page.evaluate(
    async (baseUrl, headers) => {
      const { createClient, load } = await import("/dist/index.js");
      const later = async (value) => value;
      const failed = [
        createClient(later({ baseUrl, headers })),
        load(later({})),
        createClient({ baseUrl, headers: later(headers) }),
        createClient({ baseUrl, headers: { Authorization: later(headers.Authorization) } }),
        createClient({ baseUrl, headers: [["Authorization", later(headers.Authorization)]] }),
        createClient({ baseUrl, headers: async () => ({ Authorization: later("Basic x") }) }),
      ];
      return Promise.all(
        failed.map((promise) =>
          promise.then(
            () => "connected",
            ({ code, message }) => `${code}: ${message}`,
          ),
        ),
      );
    },
    simulator.url,
    headers,
  );
  const [options, loading, all, value, pair, given] = messages;
  for (const message of [options, loading]) {
    assert.equal(message, "INVALID_REQUEST: wrong options: options: is a Promise: await it");
  }
  assert.match(all, /^INVALID_REQUEST: .*: headers: TypeError: a Promise has no header fields: /);
  for (const message of [value, pair]) {
    assert.match(
      message,
      /^INVALID_REQUEST: .*: headers: TypeError: the value of Authorization is a/,
    );
  }
  assert.match(given, /^CONNECT_FAILED: .*the value of Authorization is a Promise: await it/);
  assert.deepEqual(await simulator.call("requests"), []);
});

testInPage("headers that throw an empty string fail as any others", async (page) => {
  const simulator = await Simulator.start();
  const outcomes = await page.evaluate(async (baseUrl) => {
    const { createClient } = await import("/dist/index.js");
    const kinds = {
      function: () => {
        throw "";
      },
      async: () => Promise.reject(""),
      getter: {
        get Authorization() {
          throw "";
        },
      },
    };
    const outcomes = {};
    for (const [kind, headers] of Object.entries(kinds)) {
      outcomes[kind] = await createClient({ baseUrl, headers }).then(
        () => "connected",
        ({ code, message, cause }) => [code, /an empty string/.test(message), cause === ""],
      );
    }
    return outcomes;
  }, simulator.url);
  assert.deepEqual(outcomes, {
    function: ["CONNECT_FAILED", true, true],
    async: ["CONNECT_FAILED", true, true],
    getter: ["INVALID_REQUEST", true, false],
  });
  assert.deepEqual(await simulator.call("requests"), [], "nothing is asked without them");
});

testInPage(
  "a headers function is asked on the page, and again after a 401",
  async (page) => {
    const simulator = await Simulator.start();
    const asked = await page.evaluate(
      async (baseUrl, fields, request) => {
        const { createClient } = await import("/dist/index.js");
        const asked = [];
        const client = await createClient({
          baseUrl,
          headers: async () => {
            asked.push(globalThis === window);
            return new Headers(asked.length === 1 ? { Authorization: "Basic c3RhbGU6" } : fields);
          },
        });
        await client.completeRecord(request);
        return asked;
      },
      simulator.url,
      headers,
      request,
    );
    assert.deepEqual(asked, [true, true]);
  },
  { complaints: /401/ },
);

testInPage("what cannot be cloned is refused in the same words as in place", async (page) => {
  const simulator = await Simulator.start();
  const outcomes = await page.evaluate(
    async (options, request) => {
      const { createClient } = await import("/dist/index.js");
      const odd = {
        recordHandle: 12n,
        applicationId: () => {},
        campaignName: Symbol("campaign"),
        callingList: document,
        devicePath: [document],
        callResult: new Proxy({}, {}),
        phoneNumber: new (class {})(),
        referenceId: { f() {} },
        operationName: new Map(),
        surprise: new WeakMap(),
        __proto__: null,
      };
      const calls = [
        [odd],
        [{ ...request, ["__proto__"]: 1 }],
        [() => {}],
        [Symbol("request")],
        [[request]],
        [request, { signal: document.body, ackTimeout: 5n }],
        [request, { ackTimeout: () => {}, allowUnknownCallResult: Symbol("s") }],
        [request, [1]],
        [request, 5n],
      ];
      const wrong = [
        { headers: 5 },
        { headers: { "a b": "c" } },
        { headers: [["a"]] },
        { headers: { a: Symbol("s") } },
        { channels: [5n] },
        { channels: [Symbol("s"), document] },
        { transports: { length: 1 } },
        { signal: () => {}, logLevel: document, csrf: Symbol("s") },
        { baseUrl: () => {}, cometdPath: 5n, surprise: () => {} },
      ];
      const outcomes = [];
      for (const worker of [true, false]) {
        const client = await createClient({ ...options, worker });
        const settled = [
          ...calls.map((call) => client.completeRecord(...call)),
          ...wrong.map((more) => createClient({ ...options, ...more, worker })),
        ].map((promise) => promise.then(String, ({ code, problems }) => ({ code, problems })));
        outcomes.push(await Promise.all(settled));
      }
      return outcomes;
    },
    { baseUrl: simulator.url, headers },
    request,
  );
  const sorted = (list) =>
    list.map(({ code, problems }) => [
      code,
      problems?.map((p) => `${p.field}: ${p.message}`).sort(),
    ]);
  assert.deepEqual(sorted(outcomes[0]), sorted(outcomes[1]));
  for (const { code } of outcomes[0]) {
    assert.equal(code, "INVALID_REQUEST");
  }
});

testInPage("an array that cannot be read, and headers of every kind", async (page) => {
  const simulator = await Simulator.start();
  const [code, field] = await page.evaluate(async (baseUrl) => {
    const { createClient } = await import("/dist/index.js");
    const hostile = new Proxy([], {
      get() {
        throw new Error("no");
      },
    });
    const error = await createClient({ baseUrl, channels: hostile }).catch((error) => error);
    return [error.code, error.problems[0].field];
  }, simulator.url);
  assert.deepEqual([code, field], ["INVALID_REQUEST", "channels"]);
});

testInPage("notifications cross only when somebody listens", async (page) => {
  const channel = "/v2/me/calls";
  const simulator = await Simulator.start();
  await page.evaluate(countMessages);
  const session = await page.evaluateHandle(
    async (options) => {
      const { createClient } = await import("/dist/index.js");
      return { client: await createClient(options) };
    },
    { baseUrl: simulator.url, headers, channels: [channel] },
  );
  const counts = () => page.evaluate(() => globalThis.counts);
  await session.evaluate(({ client }) => client.addEventListener("statechange", () => {}));
  await session.evaluate(({ client }) => client.addEventListener("notification", null));
  for (let i = 0; i < 10; i++) {
    await simulator.call("publish", { channel, data: i });
  }
  // What comes after them is the proof that they have been passed over.
  await session.evaluate(({ client }, request) => client.completeRecord(request), request);
  assert.equal((await counts()).notification, undefined);
  const listener = await session.evaluateHandle(({ client }) => ({
    heard: new Promise((resolve) => {
      client.addEventListener("notification", ({ detail }) => resolve(detail), { once: true });
    }),
  }));
  await simulator.call("publish", { channel, data: { n: 10 } });
  const heard = await listener.evaluate(({ heard }) => heard);
  assert.deepEqual(heard, { channel, data: { n: 10 } });
  assert.equal((await counts()).notification, 1);
});

testInPage(
  "an event is heard from when its listener was added, not from when the Worker learns of that",
  async (page) => {
    const channel = "/v2/me/calls";
    const simulator = await Simulator.start();
    const completed = ({ client }, request) => client.completeRecord(request);
    const session = await page.evaluateHandle(
      async (options) => {
        const { createClient } = await import("/dist/index.js");
        // What the page sends is held back, as where the Worker is busy.
        const { postMessage } = MessagePort.prototype;
        const held = [];
        let hold = false;
        MessagePort.prototype.postMessage = function (...message) {
          if (hold) held.push(() => postMessage.apply(this, message));
          else postMessage.apply(this, message);
        };
        const client = await createClient(options);
        const heard = [];
        return {
          client,
          heard,
          listen() {
            hold = true;
            client.addEventListener("notification", ({ detail }) => heard.push(detail.data));
          },
          release() {
            hold = false;
            for (const send of held.splice(0)) send();
          },
        };
      },
      { baseUrl: simulator.url, headers, channels: [channel] },
    );
    const publish = (data) => simulator.call("publish", { channel, data });
    await publish("before");
    assert.ok((await session.evaluate(completed, request)).notificationType); // it comes behind that
    await session.evaluate(({ listen }) => listen());
    await publish("meanwhile");
    // What the server keeps no longer has been confirmed: the Worker has had it.
    while ((await simulator.call("state")).sessions[0].cometd[0].queued > 0);
    await session.evaluate(({ release }) => release());
    await publish("after");
    assert.ok((await session.evaluate(completed, request)).notificationType);
    assert.deepEqual(await session.evaluate(({ heard }) => heard), ["meanwhile", "after"]);
  },
);

testInPage(
  "a program that cannot be had leaves no Worker behind",
  async (page) => {
    const simulator = await Simulator.start({ refuseHandshake: "403::No" });
    const codes = await page.evaluate(
      async (options) => {
        const { createClient } = await import("/dist/index.js");
        const broken = await import("/broken/index.js");
        const wasmModule = await WebAssembly.compile(
          Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
        );
        const controller = new AbortController();
        const early = createClient({ ...options, signal: controller.signal });
        controller.abort();
        const failing = [
          early,
          createClient(options),
          createClient({ ...options, wasmModule }),
          createClient({ ...options, wasmUrl: "/missing.wasm" }),
          createClient({ ...options, ackTimeout: -1 }),
          broken.createClient(options),
        ];
        return Promise.all(failing.map((made) => made.then(String, ({ code }) => code)));
      },
      { baseUrl: simulator.url, headers },
    );
    assert.deepEqual(codes, [
      "ABORTED",
      "HANDSHAKE_REFUSED",
      "LOAD_FAILED",
      "LOAD_FAILED",
      "INVALID_REQUEST",
      "HANDSHAKE_REFUSED", // on the calling thread
    ]);
    while (page.workers().length > 0) {
      await new Promise((resolve) => page.once("workerdestroyed", resolve));
    }
  },
  { complaints: /404|403|not a worker/, needs: lacking.workerList },
);

/** Runs in a scope without a page: completes a record, and tells what it has logged. */
const inScope = `
  const said = [];
  console.warn = (line) => said.push(line);
  async function run({ options, request }) {
    const { createClient } = await import("/dist/index.js");
    const client = await createClient(options);
    const { referenceId } = await client.completeRecord(request);
    await client.close();
    const hasWorker = typeof Worker !== "undefined";
    return { referenceId, hasWorker, said: said.filter((line) => line.includes("thread")) };
  }
`;
const scopes = {
  "a dedicated worker": {
    source: `${inScope}; onmessage = async ({ data }) => postMessage(await run(data).catch(String));`,
    start: (url, given) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(url, { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(given);
      }),
    hasWorker: [true],
  },
  "a shared worker": {
    source: `${inScope}; onconnect = ({ ports: [port] }) => {
      port.onmessage = async ({ data }) => port.postMessage(await run(data).catch(String)) };`,
    start: (url, given) =>
      new Promise((resolve) => {
        const { port } = new SharedWorker(url, { type: "module" });
        port.onmessage = ({ data }) => resolve(data);
        port.postMessage(given);
      }),
    hasWorker: [true, false], // Firefox has it there, Chromium has not
  },
  "a service worker": {
    source: `${inScope.replace(
      'await import("/dist/index.js")',
      "gws",
    )}; onmessage = (event) => event.waitUntil(
      run(event.data).catch(String).then((done) => event.source.postMessage(done)));`,
    imports: true, // import() is forbidden there
    start: async (url, given) => {
      const answer = new Promise((resolve) => {
        navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
      });
      const registration = await navigator.serviceWorker.register(url, { type: "module" });
      const worker = registration.installing ?? registration.waiting ?? registration.active;
      worker.postMessage(given);
      return answer;
    },
    hasWorker: [false],
  },
};
for (const [name, { source, start, hasWorker, imports }] of Object.entries(scopes)) {
  testInPage(`createClient in ${name}`, async (page) => {
    const simulator = await Simulator.start();
    const path = `/${name.replaceAll(" ", "-")}.js`;
    const script = imports ? `import * as gws from "/dist/index.js"; ${source}` : source;
    site.files.set(path, script);
    const done = await page.evaluate(start, path, {
      options: { baseUrl: simulator.url, headers },
      request: { ...request, referenceId: name },
    });
    assert.equal(done.referenceId, name, String(done));
    assert.ok(hasWorker.includes(done.hasWorker));
    // It is worth a word only where the scope could have had no Worker.
    const said = done.hasWorker ? [] : [`${here}there is no Worker in this scope`];
    assert.deepEqual(done.said, said);
  });
}

test("worker.js has nothing that needs more than a policy of 'self'", async () => {
  assert.doesNotMatch(workerScript, /import\.meta|\bimport\(|new Function|\beval\(/);
});
