// Who is signed in: the cookie of a browser becomes another agent's, in another tab, or `headers` gives
// another's credentials. What was begun for the first one is not sent in the other's name.

import assert from "node:assert/strict";
import { failures, lacking } from "./engine.mjs";
import { complete, connect, testInPage } from "./in-browser.mjs";
import { keptAsAccepted, reload } from "./journal.mjs";
import { request } from "./sample.mjs";
import { Simulator } from "./simulator.mjs";

const basic = (user) => ({ Authorization: `Basic ${btoa(`${user}:secret`)}` });

/** Signs in in a page, by its cookie, as a sign-in page of the server would. */
function signIn(page, simulator, user) {
  return page.evaluate(
    async (url, headers) => {
      const { status } = await fetch(`${url}/api/v2/me`, { headers, credentials: "include" });
      if (status !== 200) throw new Error(`HTTP ${status}`);
    },
    simulator.url,
    basic(user),
  );
}

/** A simulator whose users have numbers for ids that float64 does not tell apart: agent and agent1. */
const start = (behavior) => Simulator.start({ numericIDs: true, ...behavior });

/** Opens another tab of the same browser, where somebody else signs in. */
async function signInElsewhere(page, simulator) {
  const tab = await page.browserContext().newPage();
  await tab.goto(page.url());
  await signIn(tab, simulator, "agent1");
  return tab;
}

/** Waits until the client is closed, and has it asked for more. */
async function assertEnded(session, simulator) {
  await session.evaluate(
    ({ client }) =>
      client.state === "closed" ||
      new Promise((resolve) => {
        client.addEventListener("statechange", () => client.state === "closed" && resolve());
      }),
  );
  assert.match(await session.evaluate(({ client }) => client.reason), /another agent/);
  // What had left the browser before has arrived when this is answered, which is asked for twice: CORS.
  await session.evaluate(async (_, url) => {
    const headers = { "Content-Type": "application/json" };
    await fetch(`${url}/gwssim/sessions`, { method: "POST", headers, body: "{}" });
  }, simulator.url);
  const before = (await simulator.call("requests")).length;
  const { error } = await complete(session, { ...request, referenceId: "later" });
  assert.deepEqual([error.code, error.delivery], ["AGENT_CHANGED", "not-sent"]);
  assert.ok(error.isOutboundError);
  await session.evaluate(({ client }) => client.close());
  const more = (await simulator.call("requests")).slice(before);
  assert.deepEqual(
    more.map(({ method, path }) => `${method} ${path}`),
    [],
    "nothing is sent any more",
  );
  const theirs = (await simulator.posts()).filter(({ user }) => user === "agent1");
  assert.deepEqual(
    theirs.map(({ status }) => status).filter((status) => status !== 403),
    [],
    "nothing was taken in the other agent's name",
  );
}

for (const transport of ["websocket", "long-polling"]) {
  testInPage(
    `${transport}: bob signs in in another tab; ann's completion is not sent in his name`,
    async (page) => {
      const simulator = await start({ holdAck: true });
      await signIn(page, simulator, "agent");
      const session = await connect(page, { baseUrl: simulator.url, transports: [transport] });
      const pending = complete(session, { ...request, referenceId: "pending" });
      await simulator.call("wait-posts", { n: 1 });

      const tab = await signInElsewhere(page, simulator);
      const refused = await complete(session, { ...request, referenceId: "refused" });
      assert.deepEqual(
        [refused.error?.code, refused.error?.delivery, refused.error?.referenceId],
        ["AGENT_CHANGED", "rejected", "refused"],
      );
      const { error } = await pending;
      assert.deepEqual(
        [error?.code, error?.delivery, error?.referenceId],
        ["AGENT_CHANGED", "accepted", "pending"],
      );
      await assertEnded(session, simulator);
      assert.equal(await simulator.call("processed"), 1);

      // A client of his own works.
      const his = await connect(tab, { baseUrl: simulator.url, transports: [transport] });
      await simulator.set({ numericIDs: true });
      const { value } = await complete(his, { ...request, referenceId: "his" });
      assert.equal(value.referenceId, "his");
    },
    { complaints: failures, needs: lacking.pages },
  );

  testInPage(
    `${transport}: headers() gives another agent's credentials after a 401; nothing is sent with them`,
    async (page) => {
      const simulator = await start();
      const session = await page.evaluateHandle(
        async (baseUrl, transport, first, second) => {
          const [gws, inPage] = await Promise.all([
            import("/dist/index.js"),
            import("/in-page.js"),
          ]);
          let asked = 0;
          const headers = () => (asked++ === 0 ? first : second);
          const client = await gws.createClient({ baseUrl, transports: [transport], headers });
          return { ...inPage, ...gws, client };
        },
        simulator.url,
        transport,
        basic("agent"),
        basic("agent1"),
      );
      await simulator.set({ numericIDs: true, rejectAuth: 1 });
      const { error } = await complete(session, request);
      assert.deepEqual([error?.code, error?.delivery], ["AGENT_CHANGED", "rejected"]);
      await assertEnded(session, simulator);
      const with1 = (await simulator.call("requests")).filter(
        ({ authorization }) => authorization === basic("agent1").Authorization,
      );
      assert.deepEqual(
        with1.map(({ method, path }) => `${method} ${path}`),
        ["GET /api/v2/me"],
      );
    },
    { complaints: failures },
  );

  testInPage(
    `${transport}: the page is seen again after bob has signed in; the client is closed before anything is sent`,
    async (page) => {
      const simulator = await start({ holdAck: true, noCSRF: true });
      await signIn(page, simulator, "agent");
      const session = await connect(page, {
        baseUrl: simulator.url,
        transports: [transport],
        csrf: false,
      });
      const pending = complete(session, { ...request, referenceId: "pending" });
      await simulator.call("wait-posts", { n: 1 });
      const tab = await signInElsewhere(page, simulator);
      await tab.bringToFront();
      await page.waitForFunction(() => document.visibilityState === "hidden", { polling: 50 });
      await seeAgain(page);
      // It is asked for at once, and waits for the answer of who is signed in.
      const { error: next } = await complete(session, { ...request, referenceId: "next" });
      assert.deepEqual([next?.code, next?.delivery], ["AGENT_CHANGED", "not-sent"]);
      const { error } = await pending;
      assert.deepEqual([error?.code, error?.delivery], ["AGENT_CHANGED", "accepted"]);
      await assertEnded(session, simulator);
      assert.equal((await simulator.posts()).length, 1);
    },
    { needs: lacking.pages },
  );
}

/** Goes back to the page's tab, from another one. */
async function seeAgain(page) {
  await page.bringToFront();
  await page.waitForFunction(() => document.visibilityState === "visible");
}

/** Leaves the page for another tab, and comes back. */
async function leaveAndReturn(page) {
  const other = await page.browserContext().newPage();
  await other.bringToFront();
  await page.waitForFunction(() => document.visibilityState === "hidden", { polling: 50 });
  await seeAgain(page);
  await other.close();
}

testInPage("the page is seen again, and the same agent is signed in", async (page) => {
  const simulator = await start();
  await signIn(page, simulator, "agent");
  const session = await connect(page, { baseUrl: simulator.url });
  const asked = async () =>
    (await simulator.call("requests")).filter(({ path }) => path.endsWith("/me")).length;
  const before = await asked();
  await simulator.call("fault", { at: "sign-in", do: "delay", delayMS: 1500, times: 1 });
  await page.evaluate(() => {
    for (let i = 0; i < 5; i++) document.dispatchEvent(new Event("visibilitychange"));
  });
  const { value } = await complete(session, { ...request, referenceId: "same" });
  assert.equal(value.referenceId, "same");
  assert.equal(await asked(), before + 1, "it is asked once, since one question was under way");
  assert.equal(await session.evaluate(({ client }) => client.state), "connected");
});

testInPage(
  "the page is seen again, and the server does not answer: that proves nothing",
  async (page) => {
    const simulator = await start();
    await signIn(page, simulator, "agent");
    const session = await connect(page, { baseUrl: simulator.url });
    await simulator.call("fault", { at: "sign-in", do: "reset", times: 1 });
    await leaveAndReturn(page);
    const { value } = await complete(session, { ...request, referenceId: "same" });
    assert.equal(value.referenceId, "same");
    assert.equal((await simulator.call("struck"))[0], 1);
  },
  { complaints: failures, needs: lacking.pages },
);

testInPage(
  "an unsettled call is not sent again in another agent's name",
  async (page) => {
    const simulator = await start({ holdAck: true, noCSRF: true });
    await signIn(page, simulator, "agent");
    const options = { baseUrl: simulator.url, csrf: false, journal: true };
    complete(await connect(page, options), { ...request, referenceId: "left" });
    await simulator.call("wait-posts", { n: 1 });
    await reload(page);
    const session = await connect(page, options);
    const list = ({ client }) =>
      client.unsettled().then((calls) => calls.map(({ referenceId }) => referenceId));
    assert.deepEqual(await session.evaluate(list), ["left"]);
    await signInElsewhere(page, simulator);
    const { error } = await complete(session, { ...request, referenceId: "left" });
    assert.deepEqual([error?.code, error?.delivery], ["AGENT_CHANGED", "not-sent"]);
    await assertEnded(session, simulator);
    assert.equal((await simulator.posts()).length, 1);
  },
  { needs: lacking.pages },
);

testInPage(
  "a list of unsettled calls, and to forget them, is not for another agent",
  async (page) => {
    const simulator = await start({ holdAck: true });
    await signIn(page, simulator, "agent");
    const options = { baseUrl: simulator.url, journal: true };
    complete(await connect(page, options), { ...request, referenceId: "left" });
    await keptAsAccepted(page, "left");
    await reload(page);
    const session = await connect(page, options);
    const unsettled = await session.evaluateHandle(async ({ client, outcome, OutboundError }) => {
      const [call] = await client.unsettled();
      return { outcome: outcome(call.settled, OutboundError) };
    });
    const tab = await signInElsewhere(page, simulator);
    await leaveAndReturn(page);
    const { error } = await unsettled.evaluate(({ outcome }) => outcome);
    assert.deepEqual(
      [error.code, error.delivery, error.referenceId],
      ["AGENT_CHANGED", "accepted", "left"],
    );
    const seen = await session.evaluate(async ({ client, outcome, OutboundError }) => ({
      list: await client.unsettled(),
      forget: await outcome(client.forget("left"), OutboundError),
      close: await outcome(client.close({ forget: true }), OutboundError),
    }));
    assert.deepEqual(seen.list, []);
    assert.equal(seen.close.error.code, "AGENT_CHANGED");
    const list = ({ client }) =>
      client.unsettled().then((calls) => calls.map(({ referenceId }) => referenceId));
    const his = await connect(tab, options);
    assert.deepEqual(await his.evaluate(list), []);
    await signIn(page, simulator, "agent");
    await page.reload(); // the other tab's client lives
    const again = await connect(page, options);
    assert.deepEqual(
      [seen.forget.error?.code, seen.forget.error?.referenceId],
      ["AGENT_CHANGED", "left"],
    );
    let left = [];
    while (left.length === 0) {
      left = await again.evaluate(list); // the browser takes its time to free the locks of the page before
    }
    assert.deepEqual(left, ["left"]);
  },
  { needs: lacking.pages },
);
