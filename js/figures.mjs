// Measures the built package in headless Chromium, and prints the figures that the README
// gives: start, cold and warm, and the time of a completion beside that of the
// POST alone, which is the least that it can take. `make figures` runs it.

import { readFile } from "node:fs/promises";
import { brotliCompressSync } from "node:zlib";
import { launchBrowser } from "./test/browser.mjs";
import { request } from "./test/sample.mjs";
import { headers, Simulator } from "./test/simulator.mjs";
import { startSite } from "./test/site.mjs";

const starts = 5;
const rounds = 5; // of completions and bare POSTs in turn
const completions = 100; // a round

const site = await startSite();
const simulator = await Simulator.start();
const browser = await launchBrowser();
try {
  await size();
  const { cold, warm } = await measureStarts();
  console.log(
    `start, cold: module ready ${shown(cold, "loaded")}, connected ${shown(cold, "connected")}`,
  );
  console.log(
    `start, warm: module ready ${shown(warm, "loaded")}, connected ${shown(warm, "connected")}`,
  );
  const measured = await measureCompletions();
  const ratios = measured.map(({ complete, post }) => median(complete) / median(post));
  console.log(`completion: p50 ${ms(median(measured.flatMap(({ complete }) => complete)))}`);
  console.log(`POST alone: p50 ${ms(median(measured.flatMap(({ post }) => post)))}`);
  console.log(
    `ratio of the p50s: ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in ${rounds} rounds)`,
  );
} finally {
  await browser.close();
  await site.close();
}

async function size() {
  for (const name of ["outbound.wasm", "index.js"]) {
    const bytes = await readFile(new URL(`dist/${name}`, import.meta.url));
    const packed = brotliCompressSync(bytes).length;
    console.log(`${name}: ${kilobytes(bytes.length)}, brotli ${kilobytes(packed)}`);
  }
}

/** Every start is one in a fresh profile, and then one of a reload. */
async function measureStarts() {
  const cold = [];
  const warm = [];
  for (let i = 0; i < starts; i++) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(new URL("/strict", site.url).href);
    cold.push(await start(page));
    await new Promise((resolve) => setTimeout(resolve, 2000)); // the browser caches compiled code when idle
    await page.reload();
    warm.push(await start(page));
    await context.close();
  }
  return { cold, warm };
}

function start(page) {
  return page.evaluate(
    async (baseUrl, headers) => {
      const from = performance.now();
      const { createClient, load } = await import("/dist/index.js");
      await load();
      const loaded = performance.now() - from;
      const client = await createClient({ baseUrl, headers });
      const connected = performance.now() - from;
      await client.close();
      return { loaded, connected };
    },
    simulator.url,
    headers,
  );
}

async function measureCompletions() {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(new URL("/strict", site.url).href);
  const measured = await page.evaluate(measure, {
    baseUrl: simulator.url,
    headers,
    request,
    rounds,
    completions,
  });
  await context.close();
  return measured;
}

/** Runs in the page. */
async function measure({ baseUrl, headers, request, rounds, completions }) {
  const { createClient } = await import("/dist/index.js");
  const client = await createClient({ baseUrl, headers });
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
