// What becomes of the session when the page is left, comes back, is frozen, or
// drops the client.

import assert from "node:assert/strict";
import { lacking } from "./engine.mjs";
import { host, site, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

/** With one transport: a server that stands still for a second has a second one tried, with a session of its own. */
const optionsOf = ({ url }) => ({ baseUrl: url, headers, transports: ["websocket"] });

/** Makes a client that nobody but the page knows, as `globalThis.client`. */
async function open(page, options) {
  await page.evaluate(async (options) => {
    const { createClient } = await import("/dist/index.js");
    globalThis.client = await createClient(options);
  }, options);
}

/** Completes a record with that client. */
function completeHere(page, request) {
  return page.evaluate((request) => globalThis.client.completeRecord(request), request);
}

/** Waits until that client is connected. */
function connected(page) {
  return page.evaluate(async () => {
    const { client } = globalThis;
    if (client.state !== "connected") {
      await new Promise((resolve) => {
        client.addEventListener("statechange", ({ detail }) => {
          if (detail.state === "connected") {
            resolve();
          }
        });
      });
    }
  });
}

// From the Worker, long-polling does not outlive the page: see web/docs/embedding.md.
const leaving = host === "worker" ? ["websocket"] : ["websocket", "long-polling"];
for (const transport of leaving) {
  testInPage(
    `a page that is left for good ends its session: ${transport}`,
    async (page) => {
      // By itself, the simulator would forget the session when the test is over.
      const simulator = await Simulator.start({ maxIntervalMS: 300_000 });
      await open(page, { ...optionsOf(simulator), transports: [transport] });
      await page.reload();
      await simulator.call("wait-sessions", { n: 0 });
    },
    { needs: lacking.lastWords },
  );
}

testInPage("a page that is left with something pending sends nothing", async (page) => {
  const simulator = await Simulator.start({ holdAck: true, maxIntervalMS: 300_000 });
  const options = optionsOf(simulator);
  await open(page, options);
  await page.evaluate((request) => {
    globalThis.client.completeRecord(request).catch(() => {});
  }, request);
  await simulator.call("wait-posts", { n: 1 });
  await page.reload();
  await open(page, options); // by now, a disconnect would have arrived
  assert.equal(await simulator.call("sessions"), 2);
});

// Nothing runs in a frame that is gone, so its calls end while it goes.
testInPage(
  "a frame that is removed settles what is pending, and what comes later",
  async (page) => {
    const simulator = await Simulator.start({ holdAck: true });
    const frame = await page.evaluateHandle(
      async (options, request) => {
        const element = document.createElement("iframe");
        element.src = "/no-policy";
        const loaded = new Promise((resolve) => {
          element.onload = resolve;
        });
        document.documentElement.append(element);
        await loaded;
        const script = element.contentDocument.createElement("script");
        script.type = "module";
        script.textContent = `import * as gws from "/dist/index.js"; globalThis.give(gws);`;
        const gws = await new Promise((resolve) => {
          element.contentWindow.give = resolve;
          element.contentDocument.documentElement.append(script);
        });
        const [client, other] = [await gws.createClient(options), gws.createClient(options)];
        const states = [];
        client.addEventListener("statechange", ({ detail }) => states.push(detail.state));
        const subscription = await client.subscribe("/v2/me/calls", () => {});
        // By then(), since Firefox awaits no Promise of a frame that is gone; and not what then() returns, which is of the frame as well.
        const what = (promise) =>
          new Promise((resolve) => {
            promise.then(
              () => resolve("fulfilled"),
              ({ code, delivery }) => resolve(`${code} ${delivery}`),
            );
          });
        const pending = [what(other), what(client.completeRecord(request))];
        return { element, gws, client, subscription, states, what, pending, request };
      },
      { baseUrl: simulator.url, headers, ackTimeout: 20_000 },
      { ...request, referenceId: "of a frame" },
    );
    await simulator.call("wait-posts", { n: 1 });
    const settled = await frame.evaluate(async (held) => {
      const { element, gws, client, subscription, states, what, pending, request } = held;
      element.remove();
      const [, call] = await Promise.all(pending);
      const later = [
        client.completeRecord(request),
        client.stats(),
        client.unsettled(),
        client.forget("of a frame"),
        client.subscribe("/v2/me/calls", () => {}),
        client.close({ forget: true }),
        gws.createClient(),
        gws.load(),
        client.close(),
        subscription.unsubscribe(),
      ];
      return { call, later: await Promise.all(later.map(what)), state: client.state, states };
    });
    assert.match(settled.call, /^MODULE_EXITED (unknown|accepted)$/);
    assert.deepEqual(settled.later.slice(0, -2), Array(8).fill("MODULE_EXITED not-sent"));
    assert.deepEqual(settled.later.slice(-2), ["fulfilled", "fulfilled"], "it has ended already");
    assert.deepEqual([settled.state, settled.states], ["closed", ["closed"]]);
  },
  { path: "/no-policy" },
);

testInPage(
  "a page that comes back from the back/forward cache resumes its session",
  async (page) => {
    const simulator = await Simulator.start({ maxIntervalMS: 60_000 });
    await open(page, optionsOf(simulator));
    await page.evaluate(() => {
      addEventListener("pageshow", ({ persisted }) => {
        globalThis.persisted = persisted;
      });
    });
    await page.goto(new URL("/no-policy", site.url).href);
    await page.goBack();
    const reasons = await page.evaluate(
      () => performance.getEntriesByType("navigation")[0].notRestoredReasons?.reasons,
    );
    assert.equal(await page.evaluate(() => globalThis.persisted), true, JSON.stringify(reasons));
    await connected(page);
    assert.ok(await completeHere(page, request));
    assert.equal(await simulator.call("sessions"), 1, "it is the same session");
  },
  { complaints: /WebSocket/, needs: lacking.pageCache },
);

testInPage(
  "whenever the page is seen again, the server is asked whether it is there",
  async (page) => {
    const simulator = await Simulator.start();
    await open(page, optionsOf(simulator));
    const network = host === "worker" ? page.workers()[0].client : await page.createCDPSession();
    await network.send("Network.enable");
    for (const [target, type] of [
      ["document", "visibilitychange"],
      ["document", "resume"],
      ["window", "pageshow"],
      ["window", "online"],
      ["window", "offline"],
    ]) {
      const asked = new Promise((resolve) => {
        network.on("Network.webSocketFrameSent", ({ response }) => {
          if (response.payloadData.includes("/meta/subscribe")) {
            resolve();
          }
        });
      });
      const answered = new Promise((resolve) => {
        network.on("Network.webSocketFrameReceived", ({ response }) => {
          if (response.payloadData.includes("/meta/subscribe")) {
            resolve();
          }
        });
      });
      await page.evaluate(
        (target, type) => {
          globalThis[target].dispatchEvent(new Event(type));
        },
        target,
        type,
      );
      await asked;
      await answered; // until then, it is not asked again
      network.removeAllListeners();
    }
  },
  { needs: lacking.devTools },
);

testInPage(
  "a page that was frozen resumes its session",
  async (page) => {
    const simulator = await Simulator.start({ maxIntervalMS: 60_000 });
    await open(page, optionsOf(simulator));
    const cdp = await page.createCDPSession();
    await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
    await simulator.call("cut");
    await cdp.send("Page.setWebLifecycleState", { state: "active" });
    await connected(page);
    assert.ok(await completeHere(page, request));
    assert.equal(await simulator.call("sessions"), 1, "it is the same session");
  },
  { complaints: /WebSocket/, needs: lacking.devTools },
);

testInPage(
  "a client that was dropped is closed, and its Worker ended",
  async (page) => {
    const simulator = await Simulator.start();
    const options = optionsOf(simulator);
    const cdp = await page.createCDPSession();
    await open(page, options);
    await completeHere(page, request);
    await page.evaluate(() => {
      globalThis.first = globalThis.client;
    });
    await open(page, options);
    assert.equal(await simulator.call("sessions"), 2);
    await page.evaluate(() => {
      delete globalThis.first;
    });
    while ((await simulator.call("sessions")) > 1) {
      await cdp.send("HeapProfiler.collectGarbage");
    }
    assert.ok(await completeHere(page, request), "the other one lives");
    while (page.workers().length > 1) {
      await new Promise((resolve) => page.once("workerdestroyed", resolve));
    }
  },
  { needs: lacking.devTools },
);

testInPage(
  "a client that is waited for, or listened to, is not dropped",
  async (page) => {
    const simulator = await Simulator.start({ holdAck: true });
    const channel = "/v2/me/calls";
    const cdp = await page.createCDPSession();
    await page.evaluate(
      async (options, request) => {
        const { createClient } = await import("/dist/index.js");
        const waits = await createClient(options);
        globalThis.settled = waits.completeRecord(request);
        const listens = await createClient(options);
        globalThis.heard = new Promise((resolve) => {
          listens.addEventListener("notification", ({ detail }) => resolve(detail.data));
        });
        await createClient(options); // is dropped: the proof that the collector was there
      },
      { ...optionsOf(simulator), channels: [channel] },
      { ...request, referenceId: "waited-for" },
    );
    while ((await simulator.call("sessions")) > 2) {
      await cdp.send("HeapProfiler.collectGarbage");
    }
    await cdp.send("HeapProfiler.collectGarbage");
    await simulator.call("publish", { channel, data: "hello" });
    assert.equal(await page.evaluate(() => globalThis.heard), "hello");
    await simulator.call("ack", { referenceId: "waited-for" });
    const { referenceId } = await page.evaluate(() => globalThis.settled);
    assert.equal(referenceId, "waited-for");
  },
  { needs: lacking.devTools },
);
