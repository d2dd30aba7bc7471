// Has a page complete records without pause, over connections that break, while
// notifications come, against CometD on Jetty; and looks whether anything grows.
//
//   node soak.mjs [duration]     such as 90s, 2m or 1h; default: 2m
//
// Needs TEST_SERVER, and outbound.wasm built with the tag stats in the
// directory build of the project: `make soak` sees to both. Exit status 1 if a
// record that the server took is not acknowledged, or something grows by more
// than 1 KB per 1,000 completions.

import { pathToFileURL } from "node:url";
import { launchBrowser } from "./test/browser.mjs";
import { InteropServer } from "./test/interop.mjs";
import { request } from "./test/sample.mjs";
import { startSite } from "./test/site.mjs";

const [, amount, unit] = /^(\d+)([smh])$/.exec(process.argv[2] ?? "2m") ?? [];
if (!amount) {
  console.error("usage: node soak.mjs [duration], such as 90s, 2m or 1h");
  process.exit(1);
}
const seconds = Number(amount) * { s: 1, m: 60, h: 3600 }[unit];
const mostGrowth = 1024; // bytes per 1,000 completions
const batch = 100; // completions between two looks at the clock
const inFlight = 10;
const notifications = 20; // a batch
const cutEvery = 5; // batches
const sampleEvery = 5; // batches
const channel = "/v2/me/calls";

const site = await startSite();
site.files.set("/stats.wasm", pathToFileURL("build/stats/outbound.wasm"));
const server = await InteropServer.start("cometd-9");
const browser = await launchBrowser();
try {
  const page = await browser.newPage();
  await page.goto(new URL("/strict", site.url).href);
  await page.evaluate(open, { baseUrl: server.url, channels: [channel] });
  const samples = await soak(page);
  report(samples);
} finally {
  await browser.close();
  await server.call("close");
  await site.close();
}

/** Runs in the page: makes the client. */
async function open(options) {
  const { createClient } = await import("/dist/index.js");
  const client = await createClient({ ...options, wasmUrl: "/stats.wasm", ackTimeout: 60_000 });
  globalThis.soak = { client, heard: 0, reconnects: 0 };
  client.addEventListener("notification", () => globalThis.soak.heard++);
  client.addEventListener("statechange", ({ detail }) => {
    globalThis.soak.reconnects += detail.state === "reconnecting";
  });
}

/**
 * Runs in the page: completes so many records, so many at a time. A POST whose connection is cut
 * may be lost, which the error says; an acknowledgement may not.
 */
async function completeBatch(batch, inFlight, request) {
  let left = batch;
  let lost = 0;
  const completeOneByOne = async () => {
    while (left-- > 0) {
      try {
        const { notificationType } = await globalThis.soak.client.completeRecord(request);
        if (notificationType !== "RecordProcessedAcknowledge") {
          throw new Error(`resolved with ${notificationType}`);
        }
      } catch (error) {
        if (error.code !== "NETWORK_ERROR") {
          throw error;
        }
        lost++;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, completeOneByOne));
  return lost;
}

async function soak(page) {
  const [worker] = page.workers();
  const cdp = await page.createCDPSession();
  await cdp.send("Performance.enable");
  const samples = [];
  const end = Date.now() + seconds * 1000;
  let completions = 0;
  let published = 0;
  let lost = 0;
  let cut = 0;
  for (let i = 0; Date.now() < end; i++) {
    const notified = server.call("publish", { channel, count: notifications, size: 100 });
    const completed = page.evaluate(completeBatch, batch, inFlight, request);
    if (i % cutEvery === cutEvery - 1) {
      cut += await server.call("cut"); // in the middle of it
    }
    lost += (await Promise.all([completed, notified]))[0];
    completions += batch;
    published += notifications;
    if (i % sampleEvery === sampleEvery - 1) {
      const sample = { completions, ...(await take(page, worker, cdp)) };
      samples.push(sample);
      progress(sample, end);
    }
  }
  const { heard, reconnects } = await page.evaluate(() => {
    const { heard, reconnects } = globalThis.soak;
    return { heard, reconnects };
  });
  console.log(
    `${completions} completions: ${lost} POSTs lost with their connection, everything else acknowledged; ` +
      `${heard} of ${published} notifications heard; ${cut} connections cut, ${reconnects} times reconnecting`,
  );
  return samples;
}

/** Looks at what is alive. */
async function take(page, worker, cdp) {
  await cdp.send("HeapProfiler.collectGarbage");
  await worker.client.send("HeapProfiler.collectGarbage");
  const [go, pageHeap, workerHeap, { metrics }] = await Promise.all([
    worker.evaluate(() => globalThis.gwsOutboundStats()),
    cdp.send("Runtime.getHeapUsage"),
    worker.client.send("Runtime.getHeapUsage"),
    cdp.send("Performance.getMetrics"),
  ]);
  const metric = (wanted) => metrics.find(({ name }) => name === wanted)?.value;
  return {
    "Go heap": go.heap,
    "JavaScript heap, Worker": workerHeap.usedSize,
    "JavaScript heap, page": pageHeap.usedSize,
    goroutines: go.goroutines,
    references: await references(worker.client),
    listeners: metric("JSEventListeners"),
    Workers: page.workers().length,
    connections: await server.call("connections"),
  };
}

/** How many values of JavaScript Go holds, its functions among them: by wasm_exec.js's own table. */
async function references(client) {
  const { result: prototype } = await client.send("Runtime.evaluate", {
    expression: "Object.prototype",
  });
  const { objects } = await client.send("Runtime.queryObjects", {
    prototypeObjectId: prototype.objectId,
  });
  const { result } = await client.send("Runtime.callFunctionOn", {
    objectId: objects.objectId,
    functionDeclaration: `function () {
      const [go] = this.filter((object) => Object.hasOwn(object, "_goRefCounts"));
      return go._values.length - go._idPool.length;
    }`,
    returnByValue: true,
  });
  for (const { objectId } of [prototype, objects]) {
    await client.send("Runtime.releaseObject", { objectId });
  }
  return result.value;
}

function progress({ completions, ...alive }, end) {
  const left = Math.max(0, Math.round((end - Date.now()) / 1000));
  const shown = Object.entries(alive).map(
    ([name, value]) => `${name} ${value.toLocaleString("en")}`,
  );
  console.log(
    `${String(completions).padStart(7)} completions, ${left} s left: ${shown.join(", ")}`,
  );
}

/** Prints how everything has grown since it was warm, and fails if it has. */
function report(samples) {
  const warm = samples.slice(Math.floor(samples.length / 3));
  if (warm.length < 5) {
    throw new Error(`only ${warm.length} samples: let it run for longer`);
  }
  console.log("growth per 1,000 completions:");
  for (const name of Object.keys(warm[0])) {
    if (name === "completions") continue;
    const growth = slope(warm.map((sample) => [sample.completions / 1000, sample[name]]));
    const inBytes = name.includes("heap");
    const grows = growth > (inBytes ? mostGrowth : 0.05);
    console.log(
      `  ${name}: ${growth.toFixed(inBytes ? 0 : 3)}${inBytes ? " bytes" : ""}${grows ? "  GROWS" : ""}`,
    );
    if (grows) process.exitCode = 1;
  }
}

/** The median of the slopes between all pairs of points: a single outlier does not move it. */
function slope(points) {
  const slopes = [];
  for (const [i, [x1, y1]] of points.entries()) {
    for (const [x2, y2] of points.slice(i + 1)) slopes.push((y2 - y1) / (x2 - x1));
  }
  slopes.sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)];
}
