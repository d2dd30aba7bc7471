// What lives after the start, after 1,000 completions and after many, each
// after a collection: the heaps of JavaScript, and that of Go, which a build
// with the tag stats tells.

import { InteropServer } from "../test/interop.mjs";
import { request } from "../test/sample.mjs";

const inFlight = 10;
const part = 10_000; // completions

/** @param {number} most completions at the end, more than 1,000 */
export async function measureMemory(bench, most) {
  const measured = {};
  for (const subject of ["worker", "peer"]) {
    const server = await InteropServer.start("cometd-9");
    const page = await bench.openPage();
    await page.run("open", subject, {
      baseUrl: server.url,
      transports: ["websocket"],
      requestTimeout: 60_000,
      ackTimeout: 60_000,
      ...(subject === "worker" && { wasmUrl: "/bench/stats.wasm" }),
    });
    measured[subject] = { start: await take(page.page) };
    await page.run("steadily", 1000, inFlight, request);
    measured[subject].thousand = await take(page.page);
    // In parts, since puppeteer waits three minutes at most for one call.
    for (let left = most - 1000; left > 0; left -= part) {
      await page.run("steadily", Math.min(left, part), inFlight, request);
    }
    measured[subject].end = await take(page.page);
    await page.close();
    await server.call("close");
  }
  const growth = ({ thousand, end }) => ({ median: end.total / thousand.total });
  return {
    completions: most,
    measured,
    ratios: { worker: growth(measured.worker), peer: growth(measured.peer) },
  };
}

/** The bytes that live. */
async function take(page) {
  const cdp = await page.createCDPSession();
  const heaps = { page: await heap(cdp) };
  const [worker] = page.workers();
  // cometd.js has a Worker, too: for its timers.
  if (worker) heaps.worker = await heap(worker.client);
  const go = worker && (await worker.evaluate(() => globalThis.gwsOutboundStats?.().heap));
  if (go) heaps.go = go;
  await cdp.detach();
  return { ...heaps, total: Object.values(heaps).reduce((sum, bytes) => sum + bytes) };
}

async function heap(client) {
  await client.send("HeapProfiler.collectGarbage");
  return (await client.send("Runtime.getHeapUsage")).usedSize;
}
