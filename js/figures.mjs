// Measures the built package in headless Chromium, and prints the figures that the README
// gives: start, cold and warm; the time of a completion beside that of the POST
// alone, which is the least that it can take; and what events cost the page's
// thread. Each in a Worker and in place. `make figures` runs it.

import { readFile } from "node:fs/promises";
import { brotliCompressSync } from "node:zlib";
import { launchBrowser } from "./test/browser.mjs";
import { request } from "./test/sample.mjs";
import { headers, Simulator } from "./test/simulator.mjs";
import { startSite } from "./test/site.mjs";

const starts = 5;
const rounds = 5; // of completions and bare POSTs in turn
const completions = 100; // a round
const notifications = 10_000;
const hosts = { "in a Worker": true, "in place": false };

const site = await startSite();
const simulator = await Simulator.start();
const browser = await launchBrowser();
try {
  await size();
  for (const [where, worker] of Object.entries(hosts)) {
    console.log(`${where}:`);
    for (const [kind, list] of Object.entries(await measureStarts(worker))) {
      console.log(
        `  start, ${kind}: module ready ${shown(list, "loaded")}, connected ${shown(list, "connected")}`,
      );
    }
    const measured = await measureCompletions(worker);
    const ratios = measured.map(({ complete, post }) => median(complete) / median(post));
    console.log(`  completion: p50 ${ms(median(measured.flatMap(({ complete }) => complete)))}`);
    console.log(`  POST alone: p50 ${ms(median(measured.flatMap(({ post }) => post)))}`);
    console.log(
      `  ratio of the p50s: ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in ${rounds} rounds)`,
    );
    for (const [who, listener] of Object.entries({ nobody: false, "a listener": true })) {
      const { task, script } = await measureNotifications(worker, listener);
      console.log(
        `  ${notifications} notifications, heard by ${who}: the page's thread is busy for ${ms(task)}, ${ms(script)} of them in scripts`,
      );
    }
  }
} finally {
  await browser.close();
  await site.close();
}

async function size() {
  for (const name of ["outbound.wasm", "index.js", "worker.js"]) {
    const bytes = await readFile(new URL(`dist/${name}`, import.meta.url));
    const packed = brotliCompressSync(bytes).length;
    console.log(`${name}: ${kilobytes(bytes.length)}, brotli ${kilobytes(packed)}`);
  }
}

/** Every start is one in a fresh profile, and then one of a reload. */
async function measureStarts(worker) {
  const cold = [];
  const warm = [];
  for (let i = 0; i < starts; i++) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(new URL("/strict", site.url).href);
    cold.push(await start(page, worker));
    await new Promise((resolve) => setTimeout(resolve, 2000)); // the browser caches compiled code when idle
    await page.reload();
    warm.push(await start(page, worker));
    await context.close();
  }
  return { cold, warm };
}

function start(page, worker) {
  return page.evaluate(
    async (baseUrl, headers, worker) => {
      const from = performance.now();
      const { createClient, load } = await import("/dist/index.js");
      await load();
      const loaded = performance.now() - from;
      const client = await createClient({ baseUrl, headers, worker });
      const connected = performance.now() - from;
      await client.close();
      return { loaded, connected };
    },
    simulator.url,
    headers,
    worker,
  );
}

/** What events that no completion waits for cost the page's thread, in ms. */
async function measureNotifications(worker, listener) {
  const channel = "/v2/me/calls";
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(new URL("/strict", site.url).href);
  await page.evaluate(
    async (options, listener) => {
      const { createClient } = await import("/dist/index.js");
      globalThis.client = await createClient(options);
      globalThis.heard = 0;
      if (listener) {
        globalThis.client.addEventListener("notification", () => globalThis.heard++);
      }
    },
    { baseUrl: simulator.url, headers, worker, channels: [channel] },
    listener,
  );
  const before = await page.metrics();
  const data = { notificationType: "StatusChange", call: { id: "0152", state: "Ringing" } };
  for (let i = 0; i < notifications; i += 20) {
    await Promise.all(
      Array.from({ length: 20 }, () => simulator.call("publish", { channel, data })),
    );
  }
  // Events come in their order: the acknowledgement is behind them all.
  await page.evaluate((request) => globalThis.client.completeRecord(request), request);
  const after = await page.metrics();
  const heard = await page.evaluate(() => globalThis.heard);
  if (heard !== (listener ? notifications : 0)) {
    throw new Error(`${heard} notifications were heard`);
  }
  await context.close();
  return {
    task: (after.TaskDuration - before.TaskDuration) * 1000,
    script: (after.ScriptDuration - before.ScriptDuration) * 1000,
  };
}

async function measureCompletions(worker) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(new URL("/strict", site.url).href);
  const measured = await page.evaluate(measure, {
    baseUrl: simulator.url,
    headers,
    worker,
    request,
    rounds,
    completions,
  });
  await context.close();
  return measured;
}

/** Runs in the page. */
async function measure({ baseUrl, headers, worker, request, rounds, completions }) {
  const { createClient } = await import("/dist/index.js");
  const client = await createClient({ baseUrl, headers, worker });
  const me = await fetch(`${baseUrl}/api/v2/me`, { headers, credentials: "include" });
  const token = { [me.headers.get("X-CSRF-HEADER")]: me.headers.get("X-CSRF-TOKEN") };
  const { recordHandle, ...body } = { operationName: "CompleteRecord", ...request };
  const post = async () => {
    const response = await fetch(`${baseUrl}/api/v2/me/outbound-records/${recordHandle}`, {
      method: "POST",
      headers: { ...headers, ...token, "Content-Type": "application/json" },
      credentials: "include",
      body: JSON.stringify({ ...body, referenceId: crypto.randomUUID() }),
    });
    await response.json();
  };
  const complete = () => client.completeRecord({ ...request, referenceId: crypto.randomUUID() });
  const time = async (run) => {
    const times = [];
    for (let i = 0; i < completions; i++) {
      const from = performance.now();
      await run();
      times.push(performance.now() - from);
    }
    return times;
  };
  await time(complete); // warm-up
  const measured = [];
  for (let i = 0; i < rounds; i++) {
    measured.push({ complete: await time(complete), post: await time(post) });
  }
  await client.close();
  return measured;
}

function shown(list, name) {
  return ms(median(list.map((entry) => entry[name])));
}

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}

function ms(value) {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
