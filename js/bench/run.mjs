// Measures the project side by side with what users have today: prints tables
// in Markdown, and writes build/bench.json.
//
//   node bench/run.mjs [check]
//
// Needs TEST_SERVER, and build/bench filled: `make bench` sees to both. The environment variable
// ROUNDS says how many rounds, at least 1; default: 5. BENCH_LONG=1 completes 100,000
// for the memory. With check, the exit status is 1 if a budget is exceeded.

import { mkdir, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { startSite } from "../test/site.mjs";
import { launch } from "./browser.mjs";
import { budgets } from "./budgets.mjs";
import { measureCompletions, servers, transports } from "./completions.mjs";
import { measureCore } from "./core.mjs";
import { measureMemory } from "./memory.mjs";
import { measureSizes, shipped } from "./size.mjs";
import { measureStarts } from "./start.mjs";
import { printBudgets, printTables } from "./tables.mjs";

const rounds = Number(process.env.ROUNDS ?? 5);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`ROUNDS must be a positive integer, got ${process.env.ROUNDS}`);
  process.exit(1);
}
const completions = process.env.BENCH_LONG === "1" ? 100_000 : 3000;
const only = process.env.BENCH_ONLY?.split(","); // parts, for work on one of them

const folder = pathToFileURL("build/bench/");
await bundle();
const result = { date: new Date().toISOString(), rounds };
const parts = {
  size: async () => measureSizes(files()),
  core: async () => measureCore(),
  start: (bench) => measureStarts(bench, rounds),
  completions: async (bench) => {
    const measured = {};
    for (const server of servers) {
      measured[server] = {};
      for (const transport of transports) {
        measured[server][transport] = await measureCompletions(bench, server, transport, rounds);
      }
    }
    return measured;
  },
  memory: (bench) => measureMemory(bench, completions),
};

const site = await startSite({ cached: true });
for (const name of ["page.js", "peer.js", "peer-worker.js", "floor.wasm", "stats.wasm"]) {
  site.files.set(`/bench/${name}`, new URL(name, folder));
}
const bench = await launch(site);
try {
  for (const [name, measure] of Object.entries(parts)) {
    if (only && !only.includes(name)) continue;
    const from = performance.now();
    result[name] = await measure(bench);
    console.error(`${name}: measured in ${Math.round((performance.now() - from) / 1000)} s`);
  }
} finally {
  await bench.close();
  await site.close();
}
await mkdir("build", { recursive: true });
await writeFile("build/bench.json", `${JSON.stringify(result, null, 2)}\n`);
printTables(result);
const exceeded = printBudgets(result, budgets);
console.log("\nAll figures, round by round: build/bench.json");
if (process.argv[2] === "check" && exceeded > 0) {
  process.exitCode = 1;
}

async function bundle() {
  await build({
    entryPoints: ["page", "peer", "peer-worker"].map(
      (name) => new URL(`${name}.js`, import.meta.url).pathname,
    ),
    outdir: folder.pathname,
    bundle: true,
    minify: true,
    format: "esm",
    external: ["/dist/*"],
    logLevel: "warning",
  });
}

function files() {
  return {
    ...shipped,
    "bare Go module": new URL("floor.wasm", folder),
    "cometd.js and fetch": new URL("peer.js", folder),
  };
}
