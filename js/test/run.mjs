// Runs the tests, in one engine after the other, and says what each came to.
//
//   node test/run.mjs [engine...]     default: chromium; chromium-pages are the demo and the package
//
// Exit status 0 if everything passed.

import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const patience = 900_000; // ms, for each file; each test has a limit of its own
/** How many files run at a time: most of them wait. CI runs the other engines beside other tests. */
const atATime = { chromium: 3, firefox: 2, webkit: 2 };
const names = {
  chromium: "Chromium",
  "chromium-pages": "Chromium, pages and package", // which need not be tried with each change of the module
  "chromium-in-place": "Chromium, in place", // where it matters whether there is a Worker
  firefox: "Firefox",
  "firefox-pages": "Firefox, pages",
  webkit: "WebKitGTK",
  "webkit-pages": "WebKitGTK, pages",
};

/** Files for Chromium alone, and why. */
const chromiumOnly = {
  "docs.test.mjs": "no browser has a part in it",
  "extension.test.mjs": "the extension is for Chromium: a service worker of Manifest V3",
  "manual.test.mjs": "the pages are made by others, for every browser",
  "late.test.mjs": "only Chromium freezes a page on command, and says which processes are its own",
  "hidden.test.mjs": "only Chromium slows down hidden pages at once, on command",
  "package.test.mjs": "what bundlers make of the package does not depend on the engine",
  "simulator-package.test.mjs": "no browser has a part in it",
  "testing.test.mjs": "no browser has a part in it",
  "types.test.mjs": "no browser has a part in it",
};

/** Files about what is made of the module: the demo, the extension, the examples, the manual and the packages. */
const ofPages =
  /^(desktop|docs|examples|extension|manual|package|simulator|simulator-package|testing|types)\./;

/** Files in which it matters whether the module runs in a Worker. */
const ofTheHost =
  /^(answers|complete|errors|frames|journal|lifecycle|log|program|replaced|subscribe|transport-memory|turns)\./;

/** Files that wait for long, short as they are. */
const patient = new Set(["hidden.test.mjs", "late.test.mjs", "upgrades.test.mjs"]);

const here = new URL(".", import.meta.url);
// The largest first: most often these take longest, and none of them is to be the last.
const all = (await readdir(here))
  .filter((name) => name.endsWith(".test.mjs"))
  .map((name) => ({
    name,
    size: patient.has(name) ? Number.POSITIVE_INFINITY : statSync(new URL(name, here)).size,
  }))
  .sort((a, b) => (a.size === b.size ? 0 : b.size - a.size))
  .map(({ name }) => name);

const engines = process.argv.length > 2 ? process.argv.slice(2) : ["chromium"];
const unknown = engines.filter((engine) => !names[engine]);
if (unknown.length > 0) {
  console.error(
    `no such engine: ${unknown.join(", ")}; there are ${Object.keys(names).join(", ")}`,
  );
  process.exit(1);
}

const results = [];
for (const name of engines) {
  results.push(await runIn(name));
}
console.log("\njs/dist, tested in");
results.forEach(summarize);
if (results.some(({ failed, passed }) => failed.length > 0 || passed === 0)) {
  process.exitCode = 1;
}

async function runIn(argument) {
  const where = names[argument];
  const [engine, part] = argument.split(/-(.*)/);
  const host = part === "in-place" ? "page" : "worker";
  console.log(`== js/dist in ${where}`);
  process.env.ENGINE = engine; // for the processes of the files
  process.env.HOST = host;
  const result = { where, passed: 0, failed: [], notApplicable: [] };
  const files = [];
  for (const name of all) {
    if (!isOf(part, name)) {
      continue;
    }
    const reason = engine !== "chromium" && chromiumOnly[name];
    if (reason) {
      result.notApplicable.push({ name, reason });
    } else {
      files.push(fileURLToPath(new URL(name, here)));
    }
  }
  const started = performance.now();
  const tests = run({ files, concurrency: atATime[engine], timeout: patience });
  tests.on("test:pass", ({ name, skip }) => {
    if (skip) {
      result.notApplicable.push({ name, reason: skip });
    } else {
      result.passed++;
    }
  });
  tests.on("test:fail", ({ name }) => result.failed.push(name));
  for await (const text of tests.compose(new spec())) {
    process.stdout.write(text);
  }
  result.seconds = Math.round((performance.now() - started) / 1000);
  return result;
}

/** Whether a file is of that part of the tests. */
function isOf(part, name) {
  return part === "in-place" ? ofTheHost.test(name) : ofPages.test(name) === (part === "pages");
}

function summarize({ where, passed, failed, notApplicable, seconds }) {
  const counts = `${passed} passed, ${failed.length} failed, ${notApplicable.length} not applicable`;
  console.log(`  ${where.padEnd(18)} ${counts}, in ${seconds} s`);
  for (const name of failed) {
    console.log(`    failed: ${name}`);
  }
  for (const { name, reason } of notApplicable) {
    console.log(`    not applicable: ${name}: ${reason}`);
  }
}
