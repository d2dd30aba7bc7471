// Deadlines that fire late: the page is frozen, its process stopped, or its thread busy while an
// acknowledgement arrives. It was there in time, so the call resolves. In a browser of its own,
// whose processes can be stopped.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { launchBrowser } from "./browser.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { startSite } from "./site.mjs";

const site = await startSite();
after(() => site.close());
const browser = await launchBrowser("chromium");
after(() => browser.close());

const ackTimeout = 5000;
const away = 8000; // ms

const all = [true, false].flatMap((worker) =>
  ["websocket", "long-polling"].map((transport) => ({ worker, transport })),
);

/** Opens a page with a client whose server acknowledges after 2 s. */
async function open({ worker, transport }) {
  const simulator = await Simulator.start({ ackDelayMS: 2000 });
  const context = await browser.createBrowserContext(); // and so a process of its own
  const page = await context.newPage();
  await page.goto(new URL("/strict", site.url).href);
  const options = { baseUrl: simulator.url, headers, worker, transports: [transport] };
  await page.evaluate(async (options) => {
    const { createClient } = await import("/dist/index.js");
    globalThis.client = await createClient(options);
  }, options);
  await simulator.call("wait-connected", { n: 1 });
  return { page, simulator, close: () => context.close() };
}

/** Begins a completion, and waits until its POST was answered. */
async function begin({ page, simulator }) {
  await page.evaluate(
    (request, ackTimeout) => {
      globalThis.settled = globalThis.client.completeRecord(request, { ackTimeout }).then(
        (value) => ({ value }),
        ({ code, message }) => ({ error: `${code}: ${message}` }),
      );
    },
    request,
    ackTimeout,
  );
  await simulator.call("wait-posts", { n: 1 });
  await seconds(0.5);
}

async function assertResolved({ page }, what) {
  const { value, error } = await page.evaluate(() => globalThis.settled);
  assert.equal(error, undefined, JSON.stringify(what));
  assert.equal(value.notificationType, acknowledgement.notificationType);
}

/** Runs all kinds of hosts and transports side by side. */
async function withPages(kinds, run) {
  const pages = await Promise.all(kinds.map(open));
  try {
    await Promise.all(pages.map(begin));
    await run(pages);
    await Promise.all(pages.map((page, i) => assertResolved(page, kinds[i])));
  } finally {
    await Promise.all(pages.map(({ close }) => close()));
  }
}

const options = {
  timeout: 120_000,
  skip: process.env.HOST === "page" && "pages with and without a Worker are in it",
};

test("an acknowledgement arrives while the page is frozen", options, () =>
  withPages(all, async (pages) => {
    const sessions = await Promise.all(pages.map(({ page }) => page.createCDPSession()));
    const become = (state) =>
      Promise.all(sessions.map((cdp) => cdp.send("Page.setWebLifecycleState", { state })));
    await become("frozen");
    await seconds(away / 1000);
    await become("active");
  }),
);

test("an acknowledgement arrives while the page's process is stopped", options, () =>
  withPages(all, async () => {
    const cdp = await browser.target().createCDPSession();
    const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    assert.ok(renderers.length >= all.length);
    const signal = (name) => renderers.map(({ id }) => process.kill(id, name));
    signal("SIGSTOP");
    try {
      await seconds(away / 1000);
    } finally {
      signal("SIGCONT");
    }
  }),
);

test("an acknowledgement arrives while the page's thread is busy", options, () =>
  withPages(
    all.filter(({ worker }) => !worker),
    (pages) =>
      Promise.all(
        pages.map(({ page }) =>
          page.evaluate((ms) => {
            const end = performance.now() + ms;
            while (performance.now() < end) {}
          }, away - 1000),
        ),
      ),
  ),
);

function seconds(n) {
  return new Promise((resolve) => setTimeout(resolve, n * 1000));
}
