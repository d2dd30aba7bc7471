// The module started by Go's own wasm_exec.js, without the loader.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { lacking } from "./engine.mjs";
import { testInPage } from "./in-browser.mjs";
import { watchPosts } from "./network-panel.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

/** Starts the module as the documentation of Go says. */
function start(page) {
  return page.evaluate(async () => {
    const go = new globalThis.Go();
    const { instance } = await WebAssembly.instantiateStreaming(
      fetch("/dist/outbound.wasm"),
      go.importObject,
    );
    go.run(instance);
  });
}

testInPage(
  "gwsOutbound makes clients",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const value = await page.evaluate(
      async (options, request) => {
        const client = await globalThis.gwsOutbound.createClient(options);
        const value = await client.completeRecord(request);
        await client.close();
        return value;
      },
      { baseUrl: simulator.url, headers },
      { ...request, referenceId: "bare" },
    );
    assert.deepEqual(value, { ...acknowledgement, referenceId: "bare" });
  },
  { path: "/bare" },
);

testInPage(
  "no POST that was answered is shown as canceled",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const { count, ends } = await watchPosts(await page.createCDPSession());
    await page.evaluate(
      async (options, request, count) => {
        const client = await globalThis.gwsOutbound.createClient(options);
        for (let i = 0; i < count; i++) await client.completeRecord(request);
      },
      { baseUrl: simulator.url, headers },
      request,
      count,
    );
    assert.deepEqual(await ends, Array(count).fill("finished"));
  },
  { path: "/bare", needs: lacking.devTools },
);

testInPage(
  "completeRecord uses the client that was made last",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const value = await page.evaluate(
      async (options, request) => {
        await globalThis.gwsOutbound.createClient(options);
        return globalThis.completeRecord(request, { ackTimeout: 5000 });
      },
      { baseUrl: simulator.url, headers },
      { ...request, referenceId: "barer" },
    );
    assert.deepEqual(value, { ...acknowledgement, referenceId: "barer" });
  },
  { path: "/bare" },
);

testInPage(
  "a page that is seen again asks who is signed in, and is not for another agent",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const error = await page.evaluate(
      async (baseUrl, headers, request) => {
        const { outcome } = await import("/in-page.js");
        await fetch(`${baseUrl}/api/v2/me`, { headers, credentials: "include" });
        const client = await globalThis.gwsOutbound.createClient({ baseUrl });
        await fetch(`${baseUrl}/gwssim/become`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: '{"user":"agent2"}',
        });
        const closed = new Promise((resolve) => {
          client.addEventListener("statechange", ({ detail }) => {
            if (detail.state === "closed") resolve();
          });
        });
        document.dispatchEvent(new Event("visibilitychange"));
        await closed;
        return (await outcome(globalThis.completeRecord(request))).error;
      },
      simulator.url,
      headers,
      request,
    );
    assert.deepEqual([error.code, error.delivery], ["AGENT_CHANGED", "not-sent"]);
    assert.deepEqual(await simulator.posts(), []);
  },
  { path: "/bare" },
);

testInPage(
  "errors have the fields of an OutboundError",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const error = await page.evaluate(
      async (options) => {
        const { outcome } = await import("/in-page.js");
        await globalThis.gwsOutbound.createClient(options);
        return (await outcome(globalThis.completeRecord({}))).error;
      },
      { baseUrl: simulator.url, headers },
    );
    assert.equal(error.name, "OutboundError");
    assert.equal(error.code, "INVALID_REQUEST");
    assert.equal(error.delivery, "not-sent");
    assert.ok(error.isError);
    assert.ok(error.problems.some(({ field }) => field === "recordHandle"));
    assert.deepEqual(await simulator.posts(), []);
  },
  { path: "/bare" },
);

testInPage(
  "a Go program that a page runs by itself, and the loader's, do not disturb each other",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const outcome = await page.evaluate(
      async (options, request) => {
        const globals = ["Go", "fs", "process", "path", "gwsOutbound", "completeRecord"];
        const before = globals.map((name) => globalThis[name]);
        const { createClient } = await import("/dist/index.js");
        const bare = await globalThis.gwsOutbound.createClient(options);
        const loaded = await createClient({ ...options, worker: false });
        const events = await Promise.all([
          bare.completeRecord({ ...request, referenceId: "bare" }),
          loaded.completeRecord({ ...request, referenceId: "loaded" }),
        ]);
        await loaded.close();
        events.push(await bare.completeRecord({ ...request, referenceId: "bare again" }));
        return {
          references: events.map(({ referenceId }) => referenceId),
          same: globals.every((name, i) => globalThis[name] === before[i]),
        };
      },
      { baseUrl: simulator.url, headers },
      request,
    );
    assert.deepEqual(outcome, { references: ["bare", "loaded", "bare again"], same: true });
    assert.equal((await simulator.posts()).length, 3);
  },
  { path: "/bare" },
);

testInPage(
  "what a server repeats is withheld, and a header that the browser does not take is not quoted",
  async (page) => {
    await start(page);
    for (const place of ["sign-in 403", "POST 403"]) {
      const text = await page.evaluate(
        async (baseUrl, request) => {
          const options = { baseUrl, headers: { Authorization: "Bearer hidden/0123+45" } };
          try {
            const client = await globalThis.gwsOutbound.createClient(options);
            await client.completeRecord({ ...request, phoneNumber: "hidden phone" });
          } catch (error) {
            return `${error} ${JSON.stringify(error)}`;
          }
        },
        `${process.env.TEST_SERVER}/echo/${randomUUID()}/${encodeURIComponent(place)}/percent/0`,
        request,
      );
      assert.match(text, /HTTP 403.*\[withheld\]/);
      assert.doesNotMatch(text, /hidden/);
    }
    const text = await page.evaluate(async () => {
      const headers = () => ({ Authorization: "hidden\n!" });
      const error = await globalThis.gwsOutbound.createClient({ headers }).catch((error) => error);
      return `${error} ${error.cause} ${JSON.stringify(error)}`;
    });
    assert.match(text, /header can have/);
    assert.doesNotMatch(text, /hidden/);
  },
  { path: "/bare", complaints: /Failed to load resource/ },
);

testInPage(
  "values of a page are read as the loader reads them",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const [bare, loaded] = await page.evaluate(
      async (options, request) => {
        const thrower = () => {
          throw new RangeError("odd");
        };
        const many = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, i]));
        const odd = [
          undefined,
          null,
          true,
          Number.NaN,
          Number.NEGATIVE_INFINITY,
          -0,
          1.5,
          2 ** 60,
          10n ** 30n,
          "",
          "\ud800",
          Symbol("s"),
          thrower,
          [],
          [[], {}, undefined],
          new Array(1000).fill(0),
          many(3),
          many(1000),
          { list: [], data: { deeper: {} }, date: new Date(5) },
          Object.create(null),
          new Date(Number.NaN),
          new Date(-1),
          Object.setPrototypeOf(new Date(5), null),
          /x/g,
          new Map([[1, 2]]),
          new Uint8Array(10),
          new Proxy({}, { get: thrower, ownKeys: thrower, getOwnPropertyDescriptor: thrower }),
          new Proxy([], { get: thrower }),
          { toString: thrower, toJSON: thrower },
          Object.defineProperty({}, "a", { get: thrower, enumerable: true }),
          document.body,
          { ["n".repeat(1000)]: 1 },
        ];
        const passed = odd.flatMap((value) => [
          ["completeRecord", value],
          ["completeRecord", { ...request, recordHandle: value, odd: value }],
          ["addRecord", { ...request, phoneNumber: value, otherFields: value }],
          ["addRecord", { ...request, phoneNumber: 5, otherFields: { a: value } }],
          ["completeRecord", { ...request, recordHandle: "wrong" }, { odd: value }],
          ["completeRecord", { ...request, recordHandle: "wrong" }, { ackTimeout: value }],
        ]);
        const { createClient } = await import("/dist/index.js");
        const results = [];
        for (const create of [globalThis.gwsOutbound.createClient, createClient]) {
          const client = await create(options);
          results.push(
            await Promise.all(
              passed.map(([method, ...args]) =>
                client[method](...args).then(
                  () => "resolved",
                  ({ code, problems }) => ({ code, problems }),
                ),
              ),
            ),
          );
          await client.close();
        }
        return results;
      },
      { baseUrl: simulator.url, headers },
      request,
    );
    assert.ok(bare.filter(({ code }) => code === "INVALID_REQUEST").length > 150);
    bare.forEach((outcome, i) => {
      assert.deepEqual(outcome, loaded[i]);
    });
  },
  { path: "/bare" },
);

testInPage(
  "events may have been missed",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const gap = await page.evaluateHandle(
      async (options) => {
        const client = await globalThis.gwsOutbound.createClient(options);
        return {
          reason: new Promise((resolve) => {
            client.addEventListener("gap", ({ detail }) => resolve(detail.reason));
          }),
        };
      },
      { baseUrl: simulator.url, headers },
    );
    await simulator.call("expire");
    assert.match(await gap.evaluate(({ reason }) => reason), /^a new session has taken the place/);
  },
  { path: "/bare" },
);

testInPage(
  "what options and a request get from their class, or from another object, counts",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const value = await page.evaluate(
      async (options, request) => {
        class Login {
          get baseUrl() {
            return options.baseUrl;
          }
          signOut() {}
        }
        Login.prototype.headers = options.headers;
        const none = await globalThis.gwsOutbound.createClient(new Map()).then(String, String);
        if (!/options: cannot be read: it is no plain object/.test(none)) throw new Error(none);
        const client = await globalThis.gwsOutbound.createClient(new Login());
        const value = await client.completeRecord(Object.create(request));
        await client.close();
        return value;
      },
      { baseUrl: simulator.url, headers },
      { ...request, referenceId: "of a class" },
    );
    assert.deepEqual(value, { ...acknowledgement, referenceId: "of a class" });
  },
  { path: "/bare" },
);

testInPage(
  "texts as long as can be are refused, and the module lives on",
  async (page) => {
    const simulator = await Simulator.start();
    await start(page);
    const outcome = await page.evaluate(
      async (options, request) => {
        const { createClient } = globalThis.gwsOutbound;
        const longest = "x".repeat(2 ** 29 - 24);
        const client = await createClient(options);
        const errors = [];
        for (const call of [
          () => client.completeRecord({ ...request, phoneNumber: longest }),
          () => client.completeRecord(longest),
          () => client.completeRecord({ [longest]: 1 }),
          () => client.forget(longest),
          () => createClient({ ...options, baseUrl: longest }),
          () => createClient({ ...options, headers: { authorization: longest } }),
        ]) {
          errors.push(
            await call().then(String, ({ code, message }) => `${code}: ${message.slice(0, 1000)}`),
          );
        }
        const { notificationType } = await client.completeRecord(request);
        await client.close();
        return { errors, notificationType };
      },
      { baseUrl: simulator.url, headers },
      request,
    );
    const fields = ["phoneNumber", "request", "request", "referenceId", "baseUrl", "headers"];
    for (const [i, field] of fields.entries()) {
      assert.match(outcome.errors[i], RegExp(`^INVALID_REQUEST: .*\\b${field}: `));
    }
    assert.equal(outcome.notificationType, "RecordProcessedAcknowledge");
  },
  { path: "/bare" },
);
