// How long it takes until the module can be used that Go's wasm_exec.js alone starts, and a bare
// Go module.

import { coldAndWarm } from "./cold-and-warm.mjs";
import { ratios } from "./numbers.mjs";

const modules = {
  floor: "/bench/floor.wasm",
  bare: "/dist/outbound.wasm",
};

export async function measureStarts(bench, rounds) {
  const measured = await coldAndWarm(rounds, Object.keys(modules), {
    open: () => bench.openPage(),
    start: ({ page }, subject) => page.evaluate(start, modules[subject]),
  });
  return { measured, ratios: { bare: ratios(measured, "bare", "floor") } };
}

/** Runs in the page: until the program has exported what it has. */
async function start(url) {
  const from = performance.now();
  await import("/dist/wasm_exec.js");
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiateStreaming(fetch(url), go.importObject);
  go.run(instance);
  if (!globalThis.floor && !globalThis.gwsOutbound) throw new Error("it exports nothing");
  return performance.now() - from;
}
