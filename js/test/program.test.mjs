// The life of the Go program, and its end.

import assert from "node:assert/strict";
import { after } from "node:test";
import { engine, lacking } from "./engine.mjs";
import { heard, site, testInPage } from "./in-browser.mjs";
import { buildMortal } from "./mortal.mjs";

const mortal = await buildMortal();
after(() => mortal.remove());
site.files.set("/mortal.wasm", mortal.url);

/** For a client whose program is heard when it prints: on the page's thread where a Worker is not. */
const audible = {
  wasmUrl: "/mortal.wasm",
  ...(lacking.workerConsole[engine] && { worker: false }),
};

/** Ends the program by a call, while that one and another are pending. */
function die(page, how) {
  return page.evaluate(async (how) => {
    const [{ createClient, OutboundError }, { outcome }] = await Promise.all([
      import("/dist/index.js"),
      import("/in-page.js"),
    ]);
    const options = { wasmUrl: "/mortal.wasm" };
    const client = await createClient(options);
    const seen = [];
    client.addEventListener("statechange", ({ detail }) => seen.push(detail));
    const other = client.completeRecord({ referenceId: "other" });
    const request = { referenceId: "this", callResult: how };
    const before = { state: client.state, transport: client.transport, pending: client.pending };
    const pending = client.completeRecord(request);
    const settled = await Promise.all([
      outcome(pending, OutboundError),
      outcome(other, OutboundError),
    ]);
    return {
      before,
      malformed: await outcome((async () => decodeURIComponent("%"))()),
      settled: settled.map(({ error }) => error),
      seen,
      after: { state: client.state, transport: client.transport, pending: client.pending },
      later: (await outcome(client.completeRecord({ referenceId: "later" }), OutboundError)).error,
      close: await outcome(client.close()),
      next: (await createClient(options)).state,
      nextModule: (await createClient({ ...options, signal: new AbortController().signal })).state,
    };
  }, how);
}

const ends = {
  panic: "the WebAssembly program ended with exit code 2 (panic: as asked)",
  "panic in the call": "the WebAssembly program ended with exit code 2 (panic: as asked)",
  exit: "the WebAssembly program ended with exit code 3",
  return: "the WebAssembly program ended with exit code 0",
  trap: "the WebAssembly program was stopped by ",
};

for (const [how, message] of Object.entries(ends)) {
  testInPage(
    `the program's end rejects every call: ${how}`,
    async (page) => {
      const { before, malformed, settled, seen, after, later, close, next, nextModule } = await die(
        page,
        how,
      );
      const trap = how === "trap" ? `${malformed.error.name}: ${malformed.error.message}` : "";
      assert.deepEqual(before, { state: "connected", transport: "websocket", pending: 1 });
      for (const [i, referenceId] of ["this", "other"].entries()) {
        const { cause, ...error } = settled[i];
        assert.deepEqual(error, {
          code: "MODULE_EXITED",
          delivery: "accepted",
          referenceId,
          name: "OutboundError",
          message: `${message}${trap}; createClient() starts a new one`,
          isOutboundError: true,
          isError: true,
        });
        assert.equal(cause, trap || undefined);
      }
      assert.deepEqual(seen, [{ state: "closed", transport: null, reason: settled[0].message }]);
      assert.deepEqual(after, { state: "closed", transport: null, pending: 0 });
      assert.equal(later.code, "MODULE_EXITED");
      assert.equal(later.delivery, "not-sent");
      assert.equal(later.referenceId, "later");
      assert.ok(!close.error, "there is nothing left to close");
      assert.equal(next, "connected");
      assert.equal(nextModule, "connected");
      // Its timers must not be heard of.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1200)));
    },
    { complaints: /^error: (?!uncaught)/ },
  );
}

testInPage(
  "a program that ends while a client is made rejects createClient",
  async (page) => {
    const { error } = await page.evaluate(async () => {
      const [{ createClient, OutboundError }, { outcome }] = await Promise.all([
        import("/dist/index.js"),
        import("/in-page.js"),
      ]);
      return outcome(
        createClient({ wasmUrl: "/mortal.wasm", callResult: "panic in the call" }),
        OutboundError,
      );
    });
    assert.equal(error.code, "MODULE_EXITED");
    assert.equal(error.delivery, "not-sent");
    assert.match(error.message, /panic: as asked/);
  },
  { complaints: /^error: (?!uncaught)/ },
);

testInPage(
  "what the program prints goes to the console as it is",
  async (page, said) => {
    const printed = new Promise((resolve) => {
      page.on("console", (message) => message.text() === "two and a half" && resolve());
    });
    await page.evaluate(async (options) => {
      const { createClient } = await import("/dist/index.js");
      const client = await createClient(options);
      client.completeRecord({ callResult: "print" });
    }, audible);
    await printed;
    assert.deepEqual(said, ["debug: mortal is running", "error: one", "error: two and a half"]);
  },
  { complaints: /one|two/ },
);

testInPage("events are dispatched as the program sends them", async (page, said) => {
  const seen = await page.evaluate(async (options) => {
    const { createClient } = await import("/dist/index.js");
    const seen = [];
    const dispatch = EventTarget.prototype.dispatchEvent;
    // The program sends its events while the client is being made.
    EventTarget.prototype.dispatchEvent = function (event) {
      seen.push({ type: event.type, custom: event instanceof CustomEvent, detail: event.detail });
      return dispatch.call(this, event);
    };
    await createClient(options);
    return seen;
  }, audible);
  assert.deepEqual(seen, [
    {
      type: "statechange",
      custom: true,
      detail: { state: "connected", transport: "websocket" },
    },
    { type: "notification", custom: true, detail: { channel: "/hello", data: [1, null] } },
  ]);
  await heard(page, said, /mortal/);
  assert.deepEqual(said, ["debug: mortal is running"]);
});

testInPage("the program's globals stay its own", async (page) => {
  const { before, after, mine } = await page.evaluate(async () => {
    Object.assign(globalThis, { fs: "mine", process: "mine", path: "mine", Go: "mine" });
    // Firefox makes them as they are first looked at, and so in any order.
    const names = () => Object.getOwnPropertyNames(globalThis).sort();
    const before = names();
    const { createClient } = await import("/dist/index.js");
    await createClient({ wasmUrl: "/mortal.wasm" });
    const { fs, process, path, Go } = globalThis;
    return { before, after: names(), mine: [fs, process, path, Go] };
  });
  assert.deepEqual(after, before);
  assert.deepEqual(mine, ["mine", "mine", "mine", "mine"]);
});
