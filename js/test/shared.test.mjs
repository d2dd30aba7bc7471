// worker: "shared": tabs of one agent have one program and one session; and where they have not.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { engine, lacking } from "./engine.mjs";
import { complete, connect, host, site, stopClock, testInPage as test } from "./in-browser.mjs";
import { keptAsAccepted, list, settlesWith, stored, unsettled } from "./journal.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { dist } from "./site.mjs";

const workerScript = await readFile(new URL("worker.js", dist), "utf8");
const indexScript = await readFile(new URL("index.js", dist), "utf8");

const testInPage = host === "worker" ? test : () => {};
const needs = lacking.pages;
const transports = ["websocket", "long-polling"];

const options = (simulator, more) => ({
  baseUrl: simulator.url,
  headers,
  worker: "shared",
  transports: ["websocket"], // one: a server that stands still for a second has a second one tried, with a session of its own
  ...more,
});

async function openTab(page, said = []) {
  const tab = await page.browserContext().newPage();
  tab.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  await tab.goto(new URL("/strict", site.url).href);
  return tab;
}

/** How many requests the simulator has got for its event channel. */
async function channelRequests(simulator) {
  const requests = await simulator.call("requests");
  return requests.filter(({ path }) => path.startsWith("/api/v2/notifications")).length;
}

/** How many times it was asked who is signed in. */
async function signIns(simulator) {
  const requests = await simulator.call("requests");
  return requests.filter(({ method, path }) => method === "GET" && path === "/api/v2/me").length;
}

/** How many POSTs were accepted. Two pages that sign in at once have one cookie in the end, and one of their CSRF tokens is refused. */
async function accepted(simulator) {
  return (await simulator.posts()).filter(({ status }) => status === 200).length;
}

const hostOf = (session) => session.evaluate(({ client }) => client.host);
const stateOf = (session) => session.evaluate(({ client }) => client.state);
const close = (session) => session.evaluate(({ client }) => client.close());

const settled = (referenceId) => ({ value: { ...acknowledgement, referenceId } });

/** Waits until a client is closed, and gives its reason. */
const ended = (session) =>
  session.evaluate(
    ({ client }) =>
      new Promise((resolve) => {
        const look = () => client.state === "closed" && resolve(client.reason);
        client.addEventListener("statechange", look);
        look();
      }),
  );

/** Connects with a function for headers, which counts how often it is asked. */
const connectAsking = (page, simulator, more) =>
  page.evaluateHandle(
    async (options, headers) => {
      const [gws, inPage] = await Promise.all([import("/dist/index.js"), import("/in-page.js")]);
      globalThis.asked = 0;
      options.headers = () => {
        globalThis.asked++;
        return headers;
      };
      return { ...gws, ...inPage, client: await gws.createClient(options) };
    },
    options(simulator, more),
    more?.headers ?? headers,
  );

for (const transport of transports) {
  testInPage(
    `two tabs over ${transport}: one session, and each has its own calls and its own end`,
    async (page) => {
      const simulator = await Simulator.start({ holdAck: true });
      const given = options(simulator, { transports: [transport] });
      const tab = await openTab(page);
      const [first, second] = await Promise.all([connect(page, given), connect(tab, given)]);
      assert.deepEqual([await hostOf(first), await hostOf(second)], Array(2).fill("shared-worker"));
      assert.equal(await simulator.call("sessions"), 1);
      await simulator.call("wait-connected", { n: 1 });
      const requests = await channelRequests(simulator);
      const asked = await signIns(simulator);
      const last = await openTab(page);
      await stopClock(last);
      const third = await connect(last, given);
      assert.equal(await channelRequests(simulator), requests, "the third one asks for no events");
      assert.equal(await signIns(simulator), asked + 1, "but, once, who is signed in");
      assert.equal(await stateOf(third), "connected");
      assert.equal(
        await third.evaluate(({ client }) => client.transport),
        transport,
        "it knows how the session is that was there before it",
      );

      const calls = [
        complete(first, { ...request, referenceId: "first" }),
        complete(second, { ...request, referenceId: "second" }),
        complete(third, { ...request, referenceId: "third" }),
      ];
      while ((await accepted(simulator)) < 3);
      await simulator.call("ack", { referenceId: "third" });
      assert.deepEqual(await calls[2], settled("third"));

      // By the end of another one, the answers to those POSTs have been read.
      const fourth = complete(first, { ...request, referenceId: "fourth" });
      while ((await accepted(simulator)) < 4);
      await simulator.call("ack", { referenceId: "fourth" });
      assert.deepEqual(await fourth, settled("fourth"));

      await close(first);
      const { error } = await calls[0];
      assert.deepEqual(
        [error.code, error.delivery, error.referenceId],
        ["CLOSED", "accepted", "first"],
      );
      assert.equal(await stateOf(first), "closed");
      assert.equal((await complete(first, request)).error.code, "CLOSED");
      assert.equal(await stateOf(second), "connected");
      await simulator.call("ack", { referenceId: "second" });
      assert.deepEqual(await calls[1], settled("second"));
      assert.equal(await simulator.call("sessions"), 1);
      await close(second);
      await close(third);
      await simulator.call("wait-sessions", { n: 0 });
      assert.equal(await accepted(simulator), 4);
    },
    { needs },
  );
}

testInPage("two clients of one page, and the same again after a reload", async (page) => {
  const simulator = await Simulator.start();
  for (let round = 0; round < 2; round++) {
    const first = await connect(page, options(simulator));
    const second = await connect(page, options(simulator));
    assert.deepEqual([await hostOf(first), await hostOf(second)], Array(2).fill("shared-worker"));
    assert.equal(await simulator.call("sessions"), 1);
    await close(first);
    const referenceId = `round ${round}`;
    assert.deepEqual(await complete(second, { ...request, referenceId }), settled(referenceId));
    await close(second);
    await simulator.call("wait-sessions", { n: 0 });
    await page.reload();
  }
});

testInPage("a reload in the middle of a completion, with a journal", async (page) => {
  const simulator = await Simulator.start({ holdAck: true, maxIntervalMS: 60_000 });
  const given = options(simulator, { journal: true });
  complete(await connect(page, given), { ...request, referenceId: "left" });
  await simulator.call("wait-posts", { n: 1 });
  await keptAsAccepted(page, "left");
  await page.reload();
  const session = await connect(page, given);
  let found = [];
  while (found.length === 0) {
    found = await unsettled(session);
  }
  assert.deepEqual(found, ["left accepted"]);
  await simulator.call("ack", { referenceId: "left" });
  assert.deepEqual(await settlesWith(session, "left"), settled("left"));
  await close(session);
  assert.deepEqual(await stored(page), {});
});

testInPage(
  "a page that comes back from the back/forward cache has its client, or knows at once that it has not",
  async (page) => {
    const simulator = await Simulator.start();
    await page.evaluate(async (options) => {
      const { createClient } = await import("/dist/index.js");
      globalThis.make = () => createClient(options);
      globalThis.client = await make();
    }, options(simulator));
    await page.goto(new URL("/no-policy", site.url).href);
    await page.goBack();
    const came = await page.evaluate(async (request) => {
      const began = performance.now();
      const first = await client.completeRecord(request).then(
        () => "completed",
        ({ code }) => code,
      );
      const took = performance.now() - began;
      await (await make()).completeRecord(request);
      return { first, took };
    }, request);
    assert.equal(came.first, engine === "webkit" ? "MODULE_EXITED" : "completed");
    assert.ok(came.took < 12_000, `it took ${came.took} ms`); // what does not answer is given up after 15 s
    assert.equal(await simulator.call("sessions"), 1);
  },
  { complaints: /WebSocket/, needs: lacking.pageCache },
);

testInPage(
  "events go to the tabs that hear them, a state and a gap to all",
  async (page) => {
    const simulator = await Simulator.start();
    const tab = await openTab(page);
    const sessions = [
      await connect(page, options(simulator)),
      await connect(tab, options(simulator)),
    ];
    for (const session of sessions) {
      await session.evaluate(async (session) => {
        session.got = [];
        session.subscription = await session.client.subscribe("/v2/me/calls", ({ data }) =>
          session.got.push(data),
        );
      });
    }
    const publish = async (data) => {
      await simulator.call("publish", { channel: "/v2/me/calls", data });
      // What was published before has come by then, and in order.
      for (const session of sessions) await complete(session, request);
      return Promise.all(sessions.map((session) => session.evaluate(({ got }) => got)));
    };
    assert.deepEqual(await publish(1), [[1], [1]]);
    await sessions[0].evaluate(({ subscription }) => subscription.unsubscribe());
    assert.deepEqual(await publish(2), [[1], [1, 2]]);

    const gaps = await Promise.all(
      sessions.map((session) =>
        session.evaluateHandle(({ client }) => ({
          reason: new Promise((resolve) => {
            client.addEventListener("gap", ({ detail }) => resolve(detail.reason));
          }),
        })),
      ),
    );
    await simulator.call("expire");
    for (const gap of gaps) {
      assert.match(await gap.evaluate(({ reason }) => reason), /^a new session has taken/);
    }
    assert.deepEqual(await Promise.all(sessions.map(stateOf)), ["connected", "connected"]);
    assert.deepEqual(await publish(3), [[1], [1, 2, 3]]);
    await close(sessions[1]);
    sessions.pop();
    assert.deepEqual(await publish(4), [[1]]);
  },
  { needs },
);

testInPage(
  "a tab that is closed leaves what is unsettled to the next one, whose session goes on",
  async (page) => {
    const simulator = await Simulator.start({ holdAck: true });
    const given = options(simulator, { journal: true });
    const tab = await openTab(page);
    const living = await connect(page, given);
    const dying = await connect(tab, given);
    complete(dying, { ...request, referenceId: "left" });
    await simulator.call("wait-posts", { n: 1 });
    await keptAsAccepted(page, "left");
    assert.deepEqual(await unsettled(living), [], "its tab lives");
    await tab.close();
    let found = [];
    while (found.length === 0) {
      found = await list(living); // the browser takes its time to free the lock of the closed page
    }
    assert.deepEqual(
      found.map(({ referenceId, delivery, answered, answerableUntil }) => [
        referenceId,
        delivery,
        answered,
        answerableUntil,
      ]),
      [["left", "accepted", false, null]],
    );
    await simulator.call("ack", { referenceId: "left" });
    assert.deepEqual(await settlesWith(living, "left"), settled("left"));
    assert.deepEqual(await list(living), []);
    assert.equal(await simulator.call("sessions"), 1);
    assert.equal((await simulator.posts()).length, 1);
    await close(living);
    assert.deepEqual(await stored(page), {});
  },
  { needs },
);

testInPage(
  "other options have a session of their own, and the log says which, without their values",
  async (page) => {
    const simulator = await Simulator.start();
    await connect(page, options(simulator));
    const said = [];
    const tab = await openTab(page, said);
    const more = { "Accept-Language": "a-secret-of-this-tab" };
    const other = await connect(
      tab,
      options(simulator, { headers: { ...headers, ...more }, logLevel: "info" }),
    );
    assert.equal(await hostOf(other), "shared-worker");
    assert.equal(await simulator.call("sessions"), 2);
    assert.match(said.join("\n"), /another session than .*: other options: headers, logLevel/);
    assert.doesNotMatch(said.join("\n"), /a-secret/);
    await close(other);
    await simulator.call("wait-sessions", { n: 1 });
  },
  { needs },
);

testInPage(
  "functions for headers: those of one agent share, those of another do not, and one that lives is asked",
  async (page) => {
    const simulator = await Simulator.start();
    const how = { transports: ["long-polling"] };
    const tab = await openTab(page);
    const opener = await connectAsking(tab, simulator, how);
    const first = await connectAsking(page, simulator, how);
    assert.equal(await simulator.call("sessions"), 1);

    const said = [];
    const bob = { Authorization: `Basic ${btoa("agent2:secret")}` };
    const third = await connectAsking(await openTab(page, said), simulator, {
      ...how,
      headers: bob,
    });
    assert.equal(await simulator.call("sessions"), 2, "it is another agent");
    assert.ok((await complete(third, request)).value);
    const [post] = await simulator.posts();
    assert.equal(post.user, "agent2");
    assert.ok((await complete(opener, request)).value);
    await close(third); // it must not be the one that is asked
    await simulator.call("wait-sessions", { n: 1 });

    await tab.close();
    const before = await page.evaluate(() => globalThis.asked);
    await simulator.set({ rejectAuth: 1 });
    await page.evaluate(() =>
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })),
    );
    await page.waitForFunction((before) => globalThis.asked > before, { polling: 20 }, before);
    await simulator.set({});
    assert.ok((await complete(first, request)).value);
  },
  { needs, complaints: /401/ },
);

testInPage(
  "a tab where another agent has signed in does not use the session that is there",
  async (page) => {
    const simulator = await Simulator.start();
    const first = await connect(page, options(simulator, { headers: undefined }), undefined).catch(
      () => undefined,
    );
    assert.equal(first, undefined, "nobody has signed in");
    const signIn = (in_, user) =>
      in_.evaluate(
        (url, Authorization) =>
          fetch(`${url}/api/v2/me`, { headers: { Authorization }, credentials: "include" }).then(
            () => {},
          ),
        simulator.url,
        `Basic ${btoa(`${user}:secret`)}`,
      );
    await signIn(page, "agent");
    const ann = await connect(page, options(simulator, { headers: undefined }));
    const tab = await openTab(page);
    await signIn(tab, "agent2");
    const bob = await connect(tab, options(simulator, { headers: undefined }));
    assert.match(await ended(ann), /another agent/);
    assert.ok((await complete(bob, request)).value);
    assert.deepEqual(
      (await simulator.posts()).map(({ user }) => user),
      ["agent2"],
    );
  },
  { needs, complaints: /401/ },
);

for (const folder of ["doomed", "old", "short-silence", "slow"]) {
  for (const name of ["index.js", "outbound.wasm"]) {
    site.files.set(`/shared-${folder}/${name}`, new URL(name, dist));
  }
}
const doom = `new BroadcastChannel("doom").onmessage = () => close();`;
site.files.set("/shared-doomed/worker.js", `${workerScript}\n${doom}`);
const [build] = workerScript.match(/[0-9a-f]{16}/);
site.files.set("/shared-old/worker.js", workerScript.replaceAll(build, "0123456789abcdef"));

testInPage(
  "after a deployment, the older tabs keep their program, and the newer have their own",
  async (page) => {
    const simulator = await Simulator.start();
    const deploy = async (id) => {
      site.files.set("/deployed/outbound.wasm", new URL("outbound.wasm", dist));
      for (const name of ["index.js", "worker.js"]) {
        const text = await readFile(new URL(name, dist), "utf8");
        site.files.set(`/deployed/${name}`, text.replaceAll(build, id));
      }
    };
    const from = "/deployed/index.js";
    await deploy("0000000000000001");
    const older = await connect(page, options(simulator), from);
    await deploy("0000000000000002");
    const lines = { newer: [], newest: [] };
    const newer = await connect(await openTab(page, lines.newer), options(simulator), from);
    for (const session of [older, newer]) {
      assert.equal(await hostOf(session), "shared-worker");
      assert.ok((await complete(session, request)).value);
    }
    assert.equal(await simulator.call("sessions"), 2);
    await close(older);
    const newest = await connect(await openTab(page, lines.newest), options(simulator), from);
    assert.ok((await complete(newest, request)).value);
    assert.equal(await simulator.call("sessions"), 1);
    assert.match(
      lines.newer.join("\n"),
      /^warn\w*: .*tabs with another build of this package are open/m,
    );
    assert.ok(!lines.newest.join("\n").includes("another build"));
  },
  { needs },
);

// It takes a page without Web Locks for gone once that has said nothing for 15 s, in place of 3 minutes; it says something every 5 s.
// (A download has as long.)
site.files.set("/shared-short-silence/worker.js", workerScript.replaceAll(/18e4|180000/g, "15000"));

testInPage(
  "tabs without Web Locks: one that is closed is noticed, one that lives is not taken for gone",
  async (page) => {
    const simulator = await Simulator.start({ holdAck: true });
    const given = options(simulator, { journal: true });
    const tabs = [page, await openTab(page)];
    const sessions = [];
    for (const tab of tabs) {
      await tab.evaluate(() => {
        Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
      });
      sessions.push(await connect(tab, given, "/shared-short-silence/index.js"));
    }
    complete(sessions[1], { ...request, referenceId: "left" });
    await simulator.call("wait-posts", { n: 1 });
    await keptAsAccepted(page, "left");
    await tabs[1].close();
    const began = Date.now();
    while ((await unsettled(sessions[0])).length === 0) {
      assert.ok(Date.now() - began < 60_000);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await simulator.call("ack", { referenceId: "left" });
    assert.deepEqual(await settlesWith(sessions[0], "left"), settled("left"));
    assert.equal(await simulator.call("sessions"), 1);
  },
  { needs },
);

// A page waits for 6 s for a Worker that does not start, in place of 20, and hears twice a second of one that loads.
const shorter = (text, number, other) => {
  assert.match(text, number);
  return text.replace(number, other);
};
site.files.set("/shared-slow/index.js", shorter(indexScript, /\b(2e4|20000)\b/, "6000"));
site.files.set("/shared-slow/worker.js", workerScript.replaceAll(/\b(5e3|5000)\b/g, "500"));

testInPage(
  "a module that takes longer to load than a Worker may to start is waited for",
  async (page, said) => {
    const simulator = await Simulator.start();
    let load;
    const until = new Promise((resolve) => {
      load = resolve;
    });
    site.files.set("/slow.wasm", { body: await readFile(new URL("outbound.wasm", dist)), until });
    const given = options(simulator, { wasmUrl: "/slow.wasm" });
    const connecting = connect(page, given, "/shared-slow/index.js");
    connecting.catch(() => {});
    setTimeout(load, 7500); // the line is as slow as that
    const session = await connecting;
    assert.equal(await hostOf(session), "shared-worker");
    assert.ok((await complete(session, request)).value);
    assert.equal(site.paths.filter((path) => path === "/slow.wasm").length, 1);
    assert.deepEqual(said, []);
  },
  { needs },
);

testInPage(
  "the browser ends the Worker: what is pending settles with its delivery, and the next client has a new program",
  async (page) => {
    const simulator = await Simulator.start({ holdAck: true });
    const from = "/shared-doomed/index.js";
    const tab = await openTab(page);
    const sessions = [
      await connect(page, options(simulator), from),
      await connect(tab, options(simulator), from),
    ];
    const calls = sessions.map((session, i) =>
      complete(session, { ...request, referenceId: `${i}` }),
    );
    await simulator.call("wait-posts", { n: 2 });
    await page.evaluate(() => new BroadcastChannel("doom").postMessage(""));
    for (const [i, call] of calls.entries()) {
      const { error } = await call;
      assert.deepEqual([error.code, error.referenceId], ["MODULE_EXITED", `${i}`]);
      assert.match(error.delivery, /unknown|accepted/);
      assert.match(await ended(sessions[i]), /its Worker has ended/);
    }
    await simulator.set({});
    const [again, also] = await Promise.all([
      connect(page, options(simulator), from),
      connect(tab, options(simulator), from),
    ]);
    assert.deepEqual([await hostOf(again), await hostOf(also)], Array(2).fill("shared-worker"));
    assert.ok((await complete(again, request)).value);
    assert.ok((await complete(also, request)).value);
  },
  { needs },
);

const fallbacks = {
  "there is no SharedWorker": {
    prepare: () => {
      delete globalThis.SharedWorker;
    },
    reason: /there is no SharedWorker in this scope/,
    host: "worker",
  },
  "worker.js is of another build": {
    from: "/shared-old/index.js",
    reason: /worker\.js is of another build than index\.js/,
    host: "page", // a dedicated Worker would have the same script
  },
  "the page's policy forbids any Worker": {
    path: "/no-worker",
    reason: /worker-src/,
    complaints: /worker-src/,
    host: "page",
  },
};
for (const [name, { prepare, from, path, reason, complaints, host }] of Object.entries(fallbacks)) {
  testInPage(
    `as true, with a word: ${name}`,
    async (page, said) => {
      const simulator = await Simulator.start();
      if (prepare) await page.evaluate(prepare);
      const session = await connect(page, options(simulator), from);
      assert.equal(await hostOf(session), host);
      assert.ok((await complete(session, request)).value);
      const line = said.find((line) => line.includes("the module is not shared with other pages"));
      assert.match(line, reason);
      assert.match(line, /^warn/);
    },
    { path, complaints },
  );
}

testInPage("as true, with a word: with wasmModule, and with cometd", async (page, said) => {
  const simulator = await Simulator.start();
  const came = await page.evaluate(async (options) => {
    const { createClient } = await import("/dist/index.js");
    const wasmModule = await WebAssembly.compileStreaming(fetch("/dist/outbound.wasm"));
    const client = await createClient({ ...options, wasmModule });
    const { problems } = await createClient({ ...options, cometd: {} }).catch((error) => error);
    return { host: client.host, field: problems[0].field };
  }, options(simulator));
  assert.deepEqual(came, { host: "worker", field: "cometd" });
  const lines = said.filter((line) => line.includes("is not shared with other pages")).join("\n");
  assert.match(
    lines,
    /a compiled wasmModule cannot be passed to a shared Worker.*\n.*the option cometd/,
  );
});

testInPage(
  "load() loads the shared program, once for all tabs",
  async (page) => {
    const simulator = await Simulator.start();
    const before = site.paths.filter((path) => path === "/dist/outbound.wasm").length;
    const loads = () => site.paths.filter((path) => path === "/dist/outbound.wasm").length - before;
    await page.evaluate(async () => {
      const { load } = await import("/dist/index.js");
      await load({ worker: "shared" });
    });
    assert.equal(loads(), 1);
    const sessions = [
      await connect(page, options(simulator)),
      await connect(await openTab(page), options(simulator)),
    ];
    for (const session of sessions) assert.equal(await hostOf(session), "shared-worker");
    assert.equal(loads(), 1);
  },
  { needs },
);
