// Measures how long the module takes to start in headless Chromium, as built by
// default and slim, beside the least Go program there can be: fetched, compiled
// and run on the page's thread until it stands ready; cold in a fresh profile,
// and warm after a reload. The three take turns, so that whatever else the
// machine does befalls each of them alike.
//
//   make build && make build SLIM=1 && node js/bench/starts.mjs [rounds]

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { launchBrowser } from "../test/browser.mjs";
import { startSite } from "../test/site.mjs";

const rounds = Number(process.argv[2] ?? 5);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "gws-outbound-starts-"));
const floor = join(folder, "floor.wasm");
execFileSync(
  "go",
  ["build", "-trimpath", "-ldflags=-s -w", "-o", floor, "./internal/cmd/wasmsize/testdata/floor"],
  { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } },
);

/** The programs, and what each sets when it is ready. */
const programs = {
  floor: { file: pathToFileURL(floor), ready: "floor" },
  default: { file: new URL("../dist/outbound.wasm", import.meta.url), ready: "gwsOutbound" },
  slim: { file: new URL("../dist-slim/outbound.wasm", import.meta.url), ready: "gwsOutbound" },
};

const site = await startSite();
const browser = await launchBrowser();
try {
  for (const [name, { file }] of Object.entries(programs)) {
    site.files.set(`/${name}.wasm`, file);
    const bytes = await readFile(file);
    const sizes = [bytes, gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes)];
    console.log(
      `${name}: ${["raw", "gzip", "brotli"].map((kind, i) => `${kind} ${sizes[i].length}`).join(", ")}`,
    );
  }
  const cold = [];
  const warm = [];
  for (let round = 0; round < rounds; round++) {
    cold.push({});
    warm.push({});
    for (const name of Object.keys(programs)) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      await page.goto(new URL("/bare", site.url).href);
      cold.at(-1)[name] = await start(page, name);
      await new Promise((resolve) => setTimeout(resolve, 2000)); // the browser caches compiled code when idle
      await page.reload();
      warm.at(-1)[name] = await start(page, name);
      await context.close();
    }
  }
  report("cold", cold);
  report("warm", warm);
} finally {
  await browser.close();
  await site.close();
  await rm(folder, { recursive: true });
}

/** @returns the time to ready in ms */
function start(page, name) {
  return page.evaluate(
    async (url, ready) => {
      const from = performance.now();
      const go = new globalThis.Go();
      const { instance } = await WebAssembly.instantiateStreaming(fetch(url), go.importObject);
      go.run(instance); // returns once the program waits
      if (!globalThis[ready]) {
        throw new Error(`${url} did not set ${ready}`);
      }
      return performance.now() - from;
    },
    `/${name}.wasm`,
    programs[name].ready,
  );
}

function report(kind, measured) {
  for (const name of Object.keys(programs)) {
    const ratios = measured.map((round) => round[name] / round.floor);
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    console.log(
      `${kind}, ${name}: p50 ${median(measured.map((round) => round[name])).toFixed(0)} ms, to the floor ${median(ratios).toFixed(2)} (${range})`,
    );
  }
}

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}
