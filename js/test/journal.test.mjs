// The option journal: what a page that was reloaded, crashed or closed has left
// without an end.

import assert from "node:assert/strict";
import { lacking } from "./engine.mjs";
import { complete, connect, host, settle, site, testInPage } from "./in-browser.mjs";
import {
  keptAsAccepted,
  list,
  locksAreFree,
  reload,
  settlesWith,
  stored,
  unsettled,
} from "./journal.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

/** With one transport: a server that stands still for a second has a second one tried, with a session of its own. */
const options = (simulator, more) => ({
  baseUrl: simulator.url,
  headers,
  transports: ["websocket"],
  journal: true,
  ...more,
});

/** One that keeps a session for as long as a page takes to be loaded again, also on a busy machine. */
const startSimulator = (behavior) => Simulator.start({ maxIntervalMS: 60_000, ...behavior });

/** Has the server take a completion, and keep its acknowledgement. */
async function accept(page, simulator, session, referenceId) {
  const posts = (await simulator.posts()).length;
  complete(session, { ...request, referenceId });
  await simulator.call("wait-posts", { n: posts + 1 });
  await keptAsAccepted(page, referenceId);
}

for (const transport of ["websocket", "long-polling"]) {
  testInPage(`a reload in the middle of a completion: ${transport}`, async (page) => {
    const simulator = await startSimulator({ holdAck: true });
    const transports = [transport];
    let session = await connect(page, options(simulator, { transports }));
    assert.deepEqual(await list(session), []);
    await accept(page, simulator, session, "reloaded");
    assert.deepEqual(await list(session), [], "its own calls are not listed");
    await reload(page);

    session = await connect(page, options(simulator, { transports }));
    const [{ aged, ...call }, ...more] = await list(session);
    assert.deepEqual(more, []);
    assert.deepEqual(call, {
      method: "completeRecord",
      request: { ...request, referenceId: "reloaded" },
      referenceId: "reloaded",
      delivery: "accepted",
      answered: false,
      answerableUntil: null, // the session goes on
      promised: true,
    });
    assert.ok(aged >= 0 && aged < 60_000, `it was sent ${aged} ms ago`);
    assert.equal(await session.evaluate(({ client }) => client.pending), 0);

    const settled = settlesWith(session, "reloaded");
    const again = settlesWith(session, "reloaded");
    await simulator.call("ack", { referenceId: "reloaded" });
    const value = { ...acknowledgement, referenceId: "reloaded" };
    assert.deepEqual(await settled, { value });
    assert.deepEqual(await again, { value });
    assert.deepEqual(await list(session), []);
    assert.equal(await simulator.call("sessions"), 1, "it is the same session");
    assert.equal((await simulator.posts()).length, 1);
    await session.evaluate(({ client }) => client.close());
    assert.deepEqual(await stored(page), {});
  });
}

// Where it does not, it never does again: WebKit, whose Worker had asked for a commit as it ended.
testInPage(
  "reloaded amid writes, again and again, the store answers the next page",
  async (page) => {
    const simulator = await startSimulator({ holdAck: true });
    for (let n = 0; n < 12; n++) {
      const session = await connect(page, options(simulator));
      const posts = (await simulator.posts()).length;
      session
        .evaluate(({ client }, request) => {
          for (let i = 0; i < 20; i++) client.completeRecord(request).catch(() => {});
        }, request)
        .catch(() => {}); // the page goes first
      await simulator.call("wait-posts", { n: posts + 1 });
      await page.reload();
      assert.notEqual(await stored(page), null);
    }
  },
);

testInPage("a reload before the POST is answered", async (page) => {
  const simulator = await startSimulator({ holdAck: true, postDelayMS: 60_000 });
  let session = await connect(page, options(simulator));
  complete(session, { ...request, referenceId: "open" });
  await simulator.call("wait-posts", { n: 1 });
  await reload(page);
  session = await connect(page, options(simulator));
  assert.deepEqual(await unsettled(session), ["open unknown"]);
  const settled = settlesWith(session, "open");
  await simulator.call("ack", { referenceId: "open" });
  assert.equal((await settled).value.referenceId, "open");
});

testInPage(
  "a page that crashes, and the acknowledgement comes while there is none",
  async (page) => {
    const simulator = await startSimulator({ holdAck: true });
    await accept(page, simulator, await connect(page, options(simulator)), "crashed");
    const crashed = new Promise((resolve) => page.once("error", resolve));
    const cdp = await page.createCDPSession();
    cdp.send("Page.crash").catch(() => {});
    await crashed;
    await simulator.call("ack", { referenceId: "crashed" });
    const next = await page.browserContext().newPage();
    await next.goto(new URL("/strict", site.url).href);
    await locksAreFree(next);
    const session = await connect(next, options(simulator));
    assert.deepEqual(await unsettled(session), ["crashed accepted"]);
    assert.equal((await settlesWith(session, "crashed")).value.referenceId, "crashed");
    assert.equal(await simulator.call("sessions"), 1);
    await page.goto(new URL("/strict", site.url).href); // it answers again
  },
  { needs: lacking.devTools },
);

testInPage(
  "a page that is closed, and another",
  async (page) => {
    const simulator = await Simulator.start({ holdAck: true });
    const first = await page.browserContext().newPage();
    await first.goto(new URL("/strict", site.url).href);
    const closing = await connect(first, options(simulator));
    const living = await connect(page, options(simulator));
    await accept(page, simulator, closing, "of the closed one");
    const own = complete(living, { ...request, referenceId: "of the other" });
    await simulator.call("wait-posts", { n: 2 });
    assert.deepEqual(await unsettled(living), [], "it lives");
    await first.close();
    const lockOf = async () =>
      page.evaluate(async () => (await navigator.locks.query()).held.map(({ name }) => name));
    while ((await lockOf()).filter((name) => name.includes("journal")).length > 1) {
      // the browser takes its time to free those of the closed page
    }
    const [found, ...more] = await list(living);
    assert.deepEqual(more, []);
    assert.equal(found.referenceId, "of the closed one");
    assert.equal(found.answered, false);
    assert.ok(found.answerableUntil <= 0, "nobody goes on with its session");
    const session = await connect(page, options(simulator));
    assert.deepEqual(await list(session), [], "it belongs to the one that has asked first");
    await simulator.call("ack", { referenceId: "of the closed one" });
    await simulator.call("ack", { referenceId: "of the other" });
    assert.equal(
      (await settlesWith(living, "of the closed one")).value.messageType,
      acknowledgement.messageType,
    );
    assert.equal((await own).value.referenceId, "of the other");
  },
  { needs: lacking.pages },
);

testInPage("a call with the reference of an unsettled one takes its place", async (page) => {
  const simulator = await startSimulator({ holdAck: true });
  await accept(page, simulator, await connect(page, options(simulator)), "twice");
  await reload(page);
  const session = await connect(page, options(simulator));
  const settled = await session.evaluateHandle(async ({ client, outcome }) => {
    const [call] = await client.unsettled();
    const again = client[call.method](call.request);
    return { outcomes: Promise.all([outcome(call.settled), outcome(again)]) };
  });
  await simulator.call("wait-posts", { n: 2 });
  assert.deepEqual(await list(session), []);
  await simulator.call("ack", { referenceId: "twice" });
  const [before, after] = await settled.evaluate(({ outcomes }) => outcomes);
  assert.equal(after.value.referenceId, "twice");
  assert.deepEqual(before, after);
});

testInPage("forget, and close with and without it", async (page) => {
  const simulator = await startSimulator({ holdAck: true });
  const first = await connect(page, options(simulator));
  for (const referenceId of ["a", "b", "c"]) {
    await accept(page, simulator, first, referenceId);
  }
  await reload(page);
  let session = await connect(page, options(simulator));
  assert.deepEqual(await unsettled(session), ["a accepted", "b accepted", "c accepted"]);
  const forgotten = settlesWith(session, "a");
  await session.evaluate(({ client }) => client.forget("a"));
  const { error } = await forgotten;
  assert.equal(error.code, "CLOSED");
  assert.equal(error.delivery, "accepted");
  assert.equal(error.referenceId, "a");
  assert.ok(error.isOutboundError);
  assert.match(error.message, /forgotten/);
  assert.deepEqual(await unsettled(session), ["b accepted", "c accepted"]);
  assert.equal(JSON.stringify(await stored(page)).includes('\\"referenceId\\":\\"a\\"'), false);
  await session.evaluate(({ client }) => client.forget("nothing"));
  for (const wrong of [undefined, null, 5, {}, ["b"]]) {
    const { error } = await session.evaluate(
      ({ client, outcome }, wrong) => outcome(client.forget(wrong)),
      wrong,
    );
    assert.equal(error.code, "INVALID_REQUEST", JSON.stringify(wrong));
    assert.equal(error.problems[0].field, "referenceId");
  }
  for (const [wrong, field] of [
    [5, "options"],
    [[], "options"],
    [{ forget: "yes" }, "forget"],
    [{ forgot: true }, "forgot"],
  ]) {
    const { error } = await session.evaluate(
      ({ client, outcome }, wrong) => outcome(client.close(wrong)),
      wrong,
    );
    assert.equal(error.code, "INVALID_REQUEST", JSON.stringify(wrong));
    assert.equal(error.problems[0].field, field);
  }
  assert.deepEqual(await unsettled(session), ["b accepted", "c accepted"], "nothing is closed");

  const pending = settlesWith(session, "b");
  await session.evaluate(({ client }) => client.close());
  assert.equal((await pending).error.code, "CLOSED");
  assert.equal((await pending).error.delivery, "accepted");
  const { error: late } = await session.evaluate(({ client, outcome }) =>
    outcome(client.unsettled()),
  );
  assert.equal(late.code, "CLOSED");
  const { error: unforgotten } = await session.evaluate(({ client, outcome }) =>
    outcome(client.close({ forget: true })),
  );
  assert.equal(unforgotten.code, "CLOSED", "it was closed without that");
  assert.match(unforgotten.message, /nothing was forgotten/);
  await simulator.call("wait-sessions", { n: 0 });
  assert.deepEqual(
    Object.keys(await stored(page)).map((key) => key.replace(/^.*?\/.*?\//, "")),
    ["entry/b", "entry/c"],
    "and no session",
  );

  session = await connect(page, options(simulator));
  assert.deepEqual(await unsettled(session), ["b accepted", "c accepted"]);
  const closings = await session.evaluate(({ client, outcome }) =>
    Promise.all(
      [{ forget: 1 }, { forget: true }, undefined, { forget: true }].map((o) =>
        outcome(client.close(o)),
      ),
    ),
  );
  assert.deepEqual(
    closings.map(({ error }) => error?.code),
    ["INVALID_REQUEST", undefined, undefined, undefined],
    "wrong options are the error of whoever gave them",
  );
  assert.deepEqual(await stored(page), {});
  session = await connect(page, options(simulator));
  assert.deepEqual(await list(session), []);
});

/** Waits until the journal has no calls: what is written is on its way. */
async function nothingButSessions(page) {
  while (!Object.keys(await stored(page)).every((key) => key.endsWith("/session"))) {}
}

testInPage("a call that has settled leaves nothing behind", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, options(simulator));
  const failing = complete(session, { ...request, referenceId: "refused", recordHandle: 0 });
  assert.equal((await failing).error.code, "INVALID_REQUEST");
  assert.ok((await complete(session, { ...request, referenceId: "done" })).value);
  await simulator.set({ notification: "RecordProcessedError" });
  const { error } = await complete(session, { ...request, referenceId: "failed" });
  assert.equal(error.code, "RECORD_ERROR");
  await nothingButSessions(page);
});

if (host === "worker") {
  testInPage(
    "an answer that the page did not live to see",
    async (page) => {
      const simulator = await startSimulator({ holdAck: true });
      const dying = await page.browserContext().newPage();
      await dying.goto(new URL("/strict", site.url).href);
      await accept(dying, simulator, await connect(dying, options(simulator)), "unseen");
      const hung = () => site.paths.filter((path) => path === "/never.wasm").length;
      const before = hung();
      dying
        .evaluate(() => {
          // The page hears nothing any more, but its Worker does.
          const request = new XMLHttpRequest();
          request.open("GET", "/never.wasm", false);
          request.send();
        })
        .catch(() => {});
      // The answer must not come before: the page would see it.
      while (hung() === before) await new Promise((resolve) => setTimeout(resolve, 10));
      await simulator.call("ack", { referenceId: "unseen" });
      for (;;) {
        const texts = Object.values(await stored(page)).map((text) => JSON.parse(text));
        if (texts.some(({ answer }) => answer)) {
          break;
        }
      }
      await dying.close();
      await locksAreFree(page); // the hung page's Worker may outlive it
      await simulator.call("expire"); // the session cannot bring it again
      const session = await connect(page, options(simulator));
      const [{ referenceId, delivery, answered, answerableUntil }] = await list(session);
      assert.deepEqual(
        { referenceId, delivery, answered, answerableUntil },
        { referenceId: "unseen", delivery: "accepted", answered: true, answerableUntil: null },
      );
      assert.equal((await settlesWith(session, "unseen")).value.referenceId, "unseen");
      assert.deepEqual(await list(session), []);
    },
    { needs: lacking.devTools },
  );
}

// While a page is in the back/forward cache, its calls are its own. When the
// next page asks for them, Chromium throws it out; WebKitGTK does not.
for (const [what, asks] of [
  ["comes back from the back/forward cache has its calls", false],
  ["is in the back/forward cache gives its calls to the next", true],
]) {
  testInPage(
    `a page that ${what}`,
    async (page) => {
      const simulator = await startSimulator({ holdAck: true });
      await page.evaluate(() => {
        globalThis.isFirst = true;
      });
      await accept(page, simulator, await connect(page, options(simulator)), "cached");
      await page.goto(new URL("/no-policy", site.url).href);
      if (asks) {
        const session = await connect(page, options(simulator));
        let found = [];
        while (found.length === 0) {
          found = await unsettled(session); // the browser takes its time to throw it out
        }
        assert.deepEqual(found, ["cached accepted"]);
        return;
      }
      await page.goBack();
      assert.equal(await page.evaluate(() => globalThis.isFirst), true);
      const session = await connect(page, options(simulator));
      assert.deepEqual(await list(session), [], "it lives");
    },
    {
      complaints: /WebSocket/,
      needs: {
        ...lacking.pageCache,
        ...(asks && { webkit: "a page in the cache keeps its locks: it lives, and may come back" }),
      },
    },
  );
}

testInPage("forget, and close with it, reject where the store fails", async (page) => {
  const simulator = await startSimulator({ holdAck: true });
  await accept(page, simulator, await connect(page, options(simulator)), "kept");
  await reload(page);
  const session = await connect(page, options(simulator, { worker: false }));
  assert.deepEqual(await unsettled(session), ["kept accepted"]);
  await page.evaluate(() => {
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (stores, mode) {
      if (mode === "readwrite") throw new DOMException("the disk is full", "QuotaExceededError");
      return transaction.call(this, stores, mode);
    };
  });
  const { error } = await session.evaluate(({ client, outcome, OutboundError }) =>
    outcome(client.forget("kept"), OutboundError),
  );
  assert.equal(error.code, "CLOSED");
  assert.equal(error.delivery, "accepted");
  assert.equal(error.referenceId, "kept");
  assert.ok(error.isOutboundError);
  assert.match(error.message, /could not be removed from the journal.*disk is full/);
  const { error: closing } = await session.evaluate(({ client, outcome }) =>
    outcome(client.close({ forget: true })),
  );
  assert.equal(closing.code, "CLOSED");
  assert.match(closing.message, /could not be cleared.*disk is full/);
  assert.equal(await session.evaluate(({ client }) => client.state), "closed");
  await reload(page);
  const next = await connect(page, options(simulator));
  assert.deepEqual(await unsettled(next), ["kept accepted"], "as the errors have said");
});

testInPage("nothing of the agent is kept but the requests", async (page) => {
  const simulator = await startSimulator({ holdAck: true });
  const session = await connect(page, options(simulator));
  await accept(page, simulator, session, "kept");
  const texts = JSON.stringify(await stored(page));
  for (const secret of ["agent", "secret", "Basic", headers.Authorization, "csrf", simulator.url]) {
    assert.equal(texts.toLowerCase().includes(secret.toLowerCase()), false, secret);
  }
});

testInPage("calls of another agent are not listed", async (page) => {
  const simulator = await startSimulator({ holdAck: true });
  await accept(page, simulator, await connect(page, options(simulator)), "of the first");
  await reload(page);
  const other = { Authorization: `Basic ${btoa("agent2:secret")}` };
  const theirs = await connect(page, options(simulator, { headers: other }));
  assert.deepEqual(await list(theirs), []);
  await theirs.evaluate(({ client }) => client.close({ forget: true }));
  const session = await connect(page, options(simulator));
  assert.deepEqual(await unsettled(session), ["of the first accepted"]);
});

testInPage("whoever ignores an unsettled call is not bothered", async (page, said) => {
  const simulator = await startSimulator({ holdAck: true });
  await accept(page, simulator, await connect(page, options(simulator)), "ignored");
  await reload(page);
  const session = await connect(page, options(simulator));
  await session.evaluate(async ({ client }) => {
    await client.unsettled();
    await client.close();
    await new Promise((resolve) => setTimeout(resolve)); // when rejections would be reported
  });
  assert.deepEqual(said, []);
});

testInPage("without the option nothing is kept, and nothing found", async (page) => {
  const simulator = await startSimulator({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  complete(session, { ...request, referenceId: "not kept" });
  await simulator.call("wait-posts", { n: 1 });
  assert.deepEqual(await list(session), []);
  await session.evaluate(({ client }) => client.forget("not kept"));
  assert.equal(await stored(page), null);
  await reload(page);
  const next = await connect(page, options(simulator));
  assert.deepEqual(await list(next), []);
});

testInPage("the option must be a boolean", async (page) => {
  const { error } = await settle(page, "createClient", { journal: "yes" });
  assert.equal(error.code, "INVALID_REQUEST");
  assert.deepEqual(error.problems, [
    { field: "journal", message: "must be of type boolean, got string" },
  ]);
});

for (const missing of ["indexedDB", "locks"]) {
  testInPage(`without ${missing} the client works, and says so once`, async (page, said) => {
    const simulator = await Simulator.start();
    await page.evaluate((missing) => {
      const owner = missing === "locks" ? Navigator.prototype : globalThis;
      Object.defineProperty(owner, missing, { get: () => undefined });
    }, missing);
    const session = await connect(page, options(simulator, { worker: false }));
    for (const referenceId of ["a", "b"]) {
      const { value } = await complete(session, { ...request, referenceId });
      assert.equal(value.referenceId, referenceId);
    }
    assert.deepEqual(await list(session), []);
    await session.evaluate(({ client }) => client.close({ forget: true }));
    const warnings = said.filter((line) => /the journal cannot be kept/.test(line));
    assert.equal(warnings.length, 1, said.join("\n"));
    assert.match(warnings[0], /^warn(ing)?: gws-outbound: .*not available here/);
  });
}

if (host === "worker") {
  testInPage(
    "a Worker that ends is followed by another client of the same page",
    async (page) => {
      const simulator = await startSimulator({ holdAck: true });
      const dying = await connect(page, options(simulator));
      const settled = complete(dying, { ...request, referenceId: "of the Worker" });
      await simulator.call("wait-posts", { n: 1 });
      const [worker] = page.workers();
      await worker.close();
      const { error } = await settled;
      assert.equal(error.code, "MODULE_EXITED");
      await locksAreFree(page);
      const session = await connect(page, options(simulator));
      const [found, ...more] = await unsettled(session);
      assert.match(found, /^of the Worker (unknown|accepted)$/); // it may know more than the page
      assert.deepEqual(more, []);
      await simulator.call("ack", { referenceId: "of the Worker" });
      const { value } = await settlesWith(session, "of the Worker");
      assert.equal(value.referenceId, "of the Worker");
    },
    { needs: lacking.devTools },
  );
}

// It holds locks that the page lives on with.
testInPage("a program that ends in the page is followed by another one", async (page) => {
  const simulator = await startSimulator({ holdAck: true });
  await page.evaluate(() => {
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = (module, imports) => {
      globalThis.end = () => imports.gojs["runtime.wasmExit"](0);
      return instantiate(module, imports);
    };
  });
  const inPlace = options(simulator, { worker: false });
  const dying = await connect(page, inPlace);
  const settled = complete(dying, { ...request, referenceId: "of the program" });
  await simulator.call("wait-posts", { n: 1 });
  await keptAsAccepted(page, "of the program");
  await page.evaluate(() => globalThis.end());
  assert.equal((await settled).error.code, "MODULE_EXITED");
  const session = await connect(page, inPlace);
  assert.deepEqual(await unsettled(session), ["of the program accepted"]);
  await simulator.call("ack", { referenceId: "of the program" });
  const { value } = await settlesWith(session, "of the program");
  assert.equal(value.referenceId, "of the program");
});

const serviceWorker = `
  import { createClient } from "/dist/index.js";
  let client, calls;
  const verbs = {
    async open({ options }) {
      client = await createClient(options);
      calls = await client.unsettled();
      return calls.map(({ referenceId, delivery }) => referenceId + " " + delivery);
    },
    async complete({ request }) {
      client.completeRecord(request).catch(() => {});
    },
    settled: () => calls[0].settled,
  };
  onmessage = (event) => event.waitUntil((async () => {
    const { verb, ...args } = event.data;
    event.source.postMessage(await verbs[verb](args).catch(String));
  })());`;

testInPage(
  "a service worker that is stopped",
  async (page) => {
    site.files.set("/journal-service-worker.js", serviceWorker);
    const simulator = await startSimulator({ holdAck: true });
    const say = (verb, args) =>
      page.evaluate(
        async (message) => {
          const url = "/journal-service-worker.js";
          const registration = await navigator.serviceWorker.register(url, { type: "module" });
          const answer = new Promise((resolve) => {
            navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
          });
          const { installing, waiting, active } = registration;
          (installing ?? waiting ?? active).postMessage(message);
          return answer;
        },
        { verb, ...args },
      );
    assert.deepEqual(await say("open", { options: options(simulator) }), []);
    await say("complete", { request: { ...request, referenceId: "stopped" } });
    await keptAsAccepted(page, "stopped");
    const cdp = await page.createCDPSession();
    await cdp.send("ServiceWorker.enable");
    await cdp.send("ServiceWorker.stopAllWorkers");
    await locksAreFree(page);
    assert.deepEqual(await say("open", { options: options(simulator) }), ["stopped accepted"]);
    const settled = say("settled");
    await simulator.call("ack", { referenceId: "stopped" });
    assert.equal((await settled).referenceId, "stopped");
  },
  { needs: lacking.devTools },
);

testInPage(
  "started bare",
  async (page) => {
    const simulator = await startSimulator({ holdAck: true });
    const start = () =>
      page.evaluateHandle(async (options) => {
        const go = new globalThis.Go();
        const module = await WebAssembly.instantiateStreaming(
          fetch("/dist/outbound.wasm"),
          go.importObject,
        );
        go.run(module.instance);
        const { outcome } = await import("/in-page.js");
        return { client: await globalThis.gwsOutbound.createClient(options), outcome };
      }, options(simulator));
    await accept(page, simulator, await start(), "bare");
    await reload(page);
    const session = await start();
    const [{ aged, ...call }] = await list(session);
    assert.deepEqual(call, {
      method: "completeRecord",
      request: { ...request, referenceId: "bare" },
      referenceId: "bare",
      delivery: "accepted",
      answered: false,
      answerableUntil: null,
      promised: true,
    });
    assert.ok(aged >= 0 && aged < 60_000, `it was sent ${aged} ms ago`);
    await simulator.call("ack", { referenceId: "bare" });
    assert.equal((await settlesWith(session, "bare")).value.referenceId, "bare");
    assert.deepEqual(await list(session), []);
    const { error } = await session.evaluate(({ client, outcome }) => outcome(client.forget(5)));
    assert.equal(error.code, "INVALID_REQUEST");
    const { error: wrong } = await session.evaluate(({ client, outcome }) =>
      outcome(client.close({ forget: 5 })),
    );
    assert.equal(wrong.code, "INVALID_REQUEST");
    await session.evaluate(({ client }) => client.close({ forget: true }));
    assert.deepEqual(await stored(page), {});

    await simulator.set({});
    const next = await start();
    for (const referenceId of ["done", undefined]) {
      assert.ok((await complete(next, { ...request, referenceId })).value);
    }
    await simulator.set({ statusCode: 6 });
    assert.equal((await complete(next, request)).error.code, "API_ERROR");
    await nothingButSessions(page);
  },
  { path: "/bare" },
);

testInPage("a client that is closed while it lists what is unsettled", async (page) => {
  const simulator = await startSimulator({ holdAck: true });
  await accept(page, simulator, await connect(page, options(simulator)), "listed");
  await reload(page);
  const session = await connect(page, options(simulator));
  const { error } = await session.evaluate(async ({ client, outcome }) => {
    const listing = client.unsettled();
    client.close();
    const [{ settled }] = await listing;
    return outcome(settled);
  });
  assert.equal(error.code, "CLOSED");
  assert.equal(error.delivery, "accepted");
  assert.equal(error.referenceId, "listed");
  assert.deepEqual(await unsettled(await connect(page, options(simulator))), ["listed accepted"]);
});

// In place, no port is crossed.
if (host !== "page") {
  testInPage(
    "a call that is refused for a reference in flight confirms nothing of the other",
    async (page) => {
      const simulator = await startSimulator({ holdAck: true });
      await page.evaluate(() => {
        const { postMessage } = MessagePort.prototype;
        globalThis.sent = [];
        MessagePort.prototype.postMessage = function (message, ...rest) {
          if (typeof message === "string") globalThis.sent.push(JSON.parse(message).kind);
          return postMessage.call(this, message, ...rest);
        };
      });
      const session = await connect(page, options(simulator));
      const first = complete(session, { ...request, referenceId: "in flight" });
      await simulator.call("wait-posts", { n: 1 });
      const { error } = await complete(session, { ...request, referenceId: "in flight" });
      assert.equal(error.code, "INVALID_REQUEST");
      const sent = () =>
        page.evaluate(() => globalThis.sent.filter((kind) => kind === "delivered"));
      assert.deepEqual(await sent(), []);
      await simulator.call("ack", { referenceId: "in flight" });
      assert.equal((await first).value.referenceId, "in flight");
      assert.deepEqual(await sent(), ["delivered"]);
    },
  );
}

for (const [logLevel, lines] of Object.entries({
  off: [],
  info: ["info: gws-outbound: Version change detected, closing DB..."],
})) {
  testInPage(
    `what the IndexedDB library prints follows logLevel: ${logLevel}`,
    async (page, said) => {
      const simulator = await Simulator.start();
      const session = await connect(page, options(simulator, { logLevel }));
      await complete(session, { ...request, referenceId: "kept" });
      await page.evaluate(
        () =>
          new Promise((resolve, reject) => {
            const request = indexedDB.deleteDatabase("gws-outbound");
            request.onsuccess = resolve;
            request.onerror = () => reject(request.error);
          }),
      );
      await complete(session, { ...request, referenceId: "after" }); // behind what was printed
      assert.deepEqual(
        said.filter((line) => /Version change|^\w+: gws-outbound: .*journal/.test(line)),
        lines,
      );
    },
    { needs: lacking.workerConsole },
  );
}
