// A page in a tab that is hidden, where Chromium lets the timers of the page's
// thread fire once a minute. In a browser of its own: Puppeteer turns that off.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { launchBrowser } from "./browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { startSite } from "./site.mjs";

const site = await startSite();
after(() => site.close());
const browser = await launchBrowser("chromium", {
  ignoreDefaultArgs: [
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
  ],
  args: ["--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1"],
});
after(() => browser.close());

/** Runs in the page: connects twice, with the module in a Worker and in place. */
async function connectBoth(options) {
  const { createClient } = await import("/dist/index.js");
  const worker = await createClient({ ...options, worker: true });
  const page = await createClient({ ...options, worker: false });
  globalThis.clients = { worker, page };
}

/** Runs in the page: a clock that shows when the page is slowed down. */
function startTicking() {
  const tick = () => {
    globalThis.ticks = Date.now() - globalThis.ticked < 5000 ? globalThis.ticks + 1 : 0;
    globalThis.ticked = Date.now();
  };
  tick();
  setInterval(tick, 200);
}

/** Runs in the page: promises how long it takes the client in the Worker to be connected again. */
function watchReconnect() {
  const { worker } = globalThis.clients;
  const from = Date.now();
  globalThis.reconnected = new Promise((resolve) => {
    worker.addEventListener("statechange", ({ detail }) => {
      if (detail.state === "connected") {
        resolve(Date.now() - from);
      }
    });
  });
}

/**
 * Runs in the page: by how much, in ms, each of ten completions ends too late
 * that are never acknowledged.
 */
function lateness(name, request) {
  const from = Date.now();
  const late = async (ackTimeout) => {
    const settled = globalThis.clients[name].completeRecord(request, { ackTimeout });
    const { code } = await settled.catch((error) => error);
    // Which of both it is depends on whether the POST had been answered by then, on a busy machine.
    const timedOut = code === "ACK_TIMEOUT" || code === "REQUEST_TIMEOUT";
    return timedOut ? Date.now() - from - ackTimeout : code;
  };
  return Promise.all(Array.from({ length: 10 }, (_, i) => late(300 * (i + 1))));
}

test("in a hidden tab the Worker keeps its times, and the page does not", {
  timeout: 240_000, // the browser lets the page go on once a minute
  skip: process.env.HOST === "page", // both are in it
}, async () => {
  const simulator = await Simulator.start({ noAck: true });
  const page = await browser.newPage();
  await page.goto(new URL("/strict", site.url).href);
  await page.evaluate(connectBoth, { baseUrl: simulator.url, headers });
  const other = await browser.newPage();
  await other.bringToFront();
  await page.evaluate(startTicking);
  while ((await page.evaluate(() => Date.now() - globalThis.ticked)) < 5000) {
    await seconds(1); // until the browser has slowed down the page to the utmost
  }

  const [inWorker, inPage] = await Promise.all([
    page.evaluate(lateness, "worker", request),
    page.evaluate(lateness, "page", request),
  ]);
  // A browser that slows timers down does it to all of them; a machine that is busy delays a few.
  const median = inWorker.toSorted((a, b) => a - b)[inWorker.length >> 1];
  assert.ok(inWorker.every(Number.isFinite) && median < 2000, `late in the Worker: ${inWorker} ms`);
  assert.ok(inPage.every(Number.isFinite), `late in the page: ${inPage} ms`);
  const sum = (list) => list.reduce((a, b) => a + b);
  assert.ok(sum(inPage) > sum(inWorker), `late by ${inWorker} and ${inPage} ms`);

  await page.evaluate(watchReconnect);
  await simulator.call("cut");
  const connecting = await page.evaluate(() => globalThis.reconnected);
  assert.ok(connecting < 10_000, `${connecting} ms until the Worker was connected again`);
  const silent = await page.evaluate(() => [document.visibilityState, globalThis.ticks]);
  assert.ok(silent[1] < 20, `the page's own timer of 200 ms fired ${silent[1]} times meanwhile`);
});

function seconds(n) {
  return new Promise((resolve) => setTimeout(resolve, n * 1000));
}
