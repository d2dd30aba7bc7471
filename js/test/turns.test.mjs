// Over long-polling, one client of a browser has its request held: the clients of all tabs take turns, by a Web Lock.

import assert from "node:assert/strict";
import { lacking } from "./engine.mjs";
import { complete, connect, host, site, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const options = (simulator, more) => ({
  baseUrl: simulator.url,
  headers,
  transports: ["long-polling"],
  ...more,
});

/** Opens one more tab of the browser. */
async function openTab(page) {
  const tab = await page.browserContext().newPage();
  await tab.goto(new URL("/no-policy", site.url).href);
  return tab;
}

/** Waits until a client has its turn, or has not. */
function awaitTurn(session, is = true) {
  return session.evaluate(
    ({ client }, is) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const { state, reason } = client;
          if (state === "connected" && /another client in this browser/.test(reason) !== is)
            resolve();
        };
        AbortSignal.timeout(60_000).onabort = () =>
          reject(new Error(`turn: ${!is}; ${client.state}: ${client.reason}`));
        client.addEventListener("statechange", look);
        look();
      }),
    is,
  );
}

async function completes(session) {
  assert.ok((await complete(session, request)).value);
}

testInPage(
  "of several tabs one has its request held, then the next",
  async (page) => {
    const simulator = await Simulator.start();
    const first = await connect(page, options(simulator));
    await awaitTurn(first);
    const tabs = [await openTab(page), await openTab(page)];
    const second = await connect(tabs[0], options(simulator));
    const guest = await connect(tabs[1], options(simulator, { guest: true }));
    const third = await connect(tabs[1], options(simulator));
    await awaitTurn(second, false);
    await awaitTurn(third, false);
    const { held, pending } = await page.evaluate(async () => {
      const { held, pending } = await navigator.locks.query();
      const turns = (locks) => locks.map(({ name }) => name).filter((name) => /turn/.test(name));
      return { held: turns(held), pending: turns(pending) };
    });
    const name = `gws-outbound turn ${simulator.url}`;
    assert.deepEqual({ held, pending }, { held: [name], pending: [name, name] });
    await Promise.all([first, second, third, guest].map(completes));

    await first.evaluate(({ client }) => client.close());
    await awaitTurn(second);
    await completes(second);
    await awaitTurn(third, false);
    await tabs[0].close();
    await awaitTurn(third);
    await completes(third);
  },
  { needs: lacking.pages },
);

testInPage(
  "a tab in the back/forward cache leaves its turn to the next, and comes back",
  async (page) => {
    const simulator = await Simulator.start();
    await awaitTurn(await connect(page, options(simulator)));
    const tab = await openTab(page);
    const second = await connect(tab, options(simulator));
    await awaitTurn(second, false);
    await page.evaluate(() => {
      globalThis.isFirst = true;
    });
    await page.goto(new URL("/no-policy", site.url).href);
    // A Worker that is busy just then is frozen before it hears of it: then it keeps its turn, and holds up nobody.
    if (host === "page") await awaitTurn(second);
    await completes(second);
    await page.goBack();
    assert.equal(await page.evaluate(() => globalThis.isFirst), true, "it was not thrown out");
  },
  { needs: { ...lacking.pageCache, ...lacking.pages } },
);

testInPage(
  "a tab that is frozen leaves its turn to the next",
  async (page) => {
    const simulator = await Simulator.start();
    const first = await connect(page, options(simulator));
    await awaitTurn(first);
    const tab = await openTab(page);
    const second = await connect(tab, options(simulator));
    await awaitTurn(second, false);
    const devTools = await page.createCDPSession();
    await devTools.send("Page.setWebLifecycleState", { state: "frozen" });
    // A Worker may be frozen before it hears of it: then it keeps its turn, and holds up nobody.
    if (host === "page") await awaitTurn(second);
    await completes(second);
    await devTools.send("Page.setWebLifecycleState", { state: "active" });
    if (host === "page") await awaitTurn(first, false);
    await completes(first);
  },
  { needs: lacking.devTools },
);

for (const [what, request] of Object.entries({
  "are refused, as in a document without an origin":
    "() => Promise.reject(new DOMException('no', 'SecurityError'))",
  throw: "() => { throw new Error('no'); }",
})) {
  testInPage(
    `where locks ${what}, each client has its turn`,
    async (page) => {
      const simulator = await Simulator.start();
      await page.evaluate((request) => {
        LockManager.prototype.request = new Function(`return ${request};`)();
      }, request);
      for (let i = 0; i < 2; i++) {
        const session = await connect(page, options(simulator, { worker: false }));
        await awaitTurn(session);
        await completes(session);
      }
    },
    { path: "/no-policy" },
  );
}
