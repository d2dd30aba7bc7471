// How long it takes until the module, the peer, and a bare Go module can be used: cold, in a
// fresh profile, and warm, after a reload.

import { InteropServer } from "../test/interop.mjs";
import { columns, ratios } from "./numbers.mjs";

const subjects = ["floor", "bare", "inPlace", "worker", "peer"];

// The browser caches compiled code when a module has been idle for a while; there is no event
// for that.
const cachedAfter = 2000; // ms

export async function measureStarts(bench, rounds) {
  const server = await InteropServer.start("faye");
  try {
    const rows = Object.fromEntries(subjects.map((subject) => [subject, []]));
    for (let round = 0; round < rounds; round++) {
      await measureRound(bench, round % 2 ? subjects.toReversed() : subjects, server.url, rows);
    }
    const measured = Object.fromEntries(subjects.map((name) => [name, columns(rows[name])]));
    return {
      measured,
      ratios: {
        bare: ratios(measured, "bare", "floor"),
        inPlace: ratios(measured, "inPlace", "peer"),
        worker: ratios(measured, "worker", "peer"),
      },
    };
  } finally {
    await server.call("close");
  }
}

async function measureRound(bench, order, baseUrl, rows) {
  const pages = {};
  const colds = {};
  for (const subject of order) {
    pages[subject] = await bench.openPage();
    colds[subject] = await start(pages[subject], subject, baseUrl);
  }
  await new Promise((resolve) => setTimeout(resolve, cachedAfter));
  for (const subject of order) {
    await pages[subject].page.reload();
    const warm = await start(pages[subject], subject, baseUrl);
    const cold = colds[subject];
    rows[subject].push({
      cold: cold.ready,
      warm: warm.ready,
      coldConnected: cold.connected,
      warmConnected: warm.connected,
      longTasks: cold.longTasks + warm.longTasks,
    });
    await pages[subject].close();
  }
}

async function start(page, subject, baseUrl) {
  const bare = {
    floor: "/bench/floor.wasm",
    bare: "/dist/outbound.wasm",
  }[subject];
  const taken = bare
    ? await page.page.evaluate(startBare, bare)
    : await page.page.evaluate(startWhole, subject, baseUrl);
  return { ...taken, longTasks: await page.longTasks() };
}

/** Runs in the page: a Go program started by Go's wasm_exec.js alone, until it has exported. */
async function startBare(url) {
  const from = performance.now();
  await import("/dist/wasm_exec.js");
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch(url), go.importObject);
  go.run(instance);
  if (!globalThis.floor && !globalThis.gwsOutbound) throw new Error("it exports nothing");
  return { ready: performance.now() - from };
}

/** Runs in the page: until createClient could be called, and until connected. */
async function startWhole(subject, baseUrl) {
  const options = {
    baseUrl,
    transports: ["websocket"],
    requestTimeout: 10_000,
    ackTimeout: 10_000,
  };
  const from = performance.now();
  let connect;
  if (subject === "peer") {
    ({ connect } = await import("/bench/peer.js"));
  } else {
    const { createClient, load } = await import("/dist/index.js");
    await load();
    connect = () => createClient({ ...options, worker: subject === "worker" });
  }
  const ready = performance.now() - from;
  const client = await connect(options);
  const connected = performance.now() - from;
  await client.close();
  return { ready, connected };
}
