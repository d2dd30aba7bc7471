// Measures the project side by side with what users have today: prints tables
// in Markdown, and writes build/bench.json.
//
//   node bench/run.mjs [check]
//
// Needs TEST_SERVER, and build/bench filled: `make bench` sees to both. The environment variable
// ROUNDS says how many rounds, at least 1; default: 5. BENCH_ONLY=navigation,pace measures these parts
// only; BENCH_LONG=1 completes 100,000 for the memory; lines.mjs has the others. With check, the exit
// status is 1 if a budget is exceeded.

import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { startSite } from "../test/site.mjs";
import { launch } from "./browser.mjs";
import { budgets } from "./budgets.mjs";
import { measureCompletions, servers } from "./completions.mjs";
import { measureConnecting } from "./connecting.mjs";
import { measureCore } from "./core.mjs";
import { rate, siteRoundTrip, transports } from "./lines.mjs";
import { measureMemory } from "./memory.mjs";
import { measureNavigation } from "./navigation.mjs";
import { measurePace } from "./pace.mjs";
import { measureSizes, shipped } from "./size.mjs";
import { measureStarts } from "./start.mjs";
import { printBudgets, printTables } from "./tables.mjs";

const rounds = Number(process.env.ROUNDS ?? 5);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`ROUNDS must be a positive integer, got ${process.env.ROUNDS}`);
  process.exit(1);
}
// They take the longest by far, and their budgets come second.
const roundsBackToBack = Math.ceil(rounds * 0.6);
const completions = process.env.BENCH_LONG === "1" ? 100_000 : 3000;
const only = process.env.BENCH_ONLY?.split(","); // parts, for work on one of them

const begun = performance.now();
const folder = pathToFileURL("build/bench/");
await bundle();
const parts = {
  size: measureAllSizes,
  core: async () => measureCore(),
  start: (bench) => measureStarts(bench, rounds),
  navigation: (bench) => measureNavigation(bench, rounds, new URL("peer.js", folder)),
  connecting: (bench) => measureConnecting(bench, rounds),
  pace: (bench) => measurePace(bench, rounds),
  completions: async (bench) => {
    const measured = {};
    for (const server of Object.keys(servers)) {
      measured[server] = {};
      for (const transport of transports) {
        measured[server][transport] = await measureCompletions(
          bench,
          server,
          transport,
          roundsBackToBack,
        );
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
const result = {
  date: new Date().toISOString(),
  machine: `${cpus().length} × ${cpus()[0].model}`,
  browser: bench.version,
  rounds,
  roundsBackToBack,
  rate,
  siteRoundTrip,
};
try {
  for (const [name, measure] of Object.entries(parts)) {
    if (only && !only.includes(name)) continue;
    const from = performance.now();
    result[name] = await measure(bench);
    console.error(`${name}: measured in ${seconds(from)} s`);
  }
} finally {
  await bench.close();
  await site.close();
}
result.seconds = seconds(begun);
await mkdir("build", { recursive: true });
await writeFile("build/bench.json", `${JSON.stringify(result, null, 2)}\n`);
printTables(result);
const exceeded = printBudgets(result, budgets);
console.log("\nAll figures, round by round: build/bench.json");
if (process.argv[2] === "check" && exceeded > 0) {
  process.exitCode = 1;
}

function seconds(from) {
  return Math.round((performance.now() - from) / 1000);
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

/** What is shipped, its sum, and others to compare it with. */
async function measureAllSizes() {
  const own = await measureSizes(shipped);
  const sum = (kind) => Object.values(own).reduce((bytes, sizes) => bytes + sizes[kind], 0);
  const others = await measureSizes({
    "bare Go module": new URL("floor.wasm", folder),
    "cometd.js and fetch": new URL("peer.js", folder),
  });
  return {
    ...own,
    shipped: { raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") },
    ...others,
  };
}
