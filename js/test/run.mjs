// Runs the tests, in one engine after the other, and says what each came to.
//
//   node test/run.mjs [engine...]     default: chromium; chromium-pages are the demo and the package
//
// Exit status 0 if everything passed. With RETRIES=1 in the environment, as in CI, the files in which a test failed run
// again, once, one at a time: a test has failed that passed neither time, and what failed once is listed all the same.

import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const patience = 900_000; // ms, for each file; each test has a limit of its own
/** How many files run at a time: most of them wait. CI runs the other engines beside other tests. Those of interop measure. */
const atATime = { chromium: 3, "chromium-interop": 1, firefox: 2, webkit: 2 };
const names = {
  chromium: "Chromium",
  "chromium-pages": "Chromium, pages and package", // which need not be tried with each change of the module
  "chromium-in-place": "Chromium, in place", // where it matters whether there is a Worker
  "chromium-interop": "Chromium, interop", // with servers and clients that others wrote
  firefox: "Firefox",
  "firefox-pages": "Firefox, pages",
  webkit: "WebKitGTK",
  "webkit-pages": "WebKitGTK, pages",
};

const inGo = "it is decided in Go, whatever the engine";

/** Files for Chromium alone, and why. */
const chromiumOnly = {
  "answers.test.mjs": inGo,
  "calls.test.mjs": "no browser has a part in it",
  "cometd.test.mjs": "the session is that of cometd.js, whatever the engine",
  "docs.test.mjs": "no browser has a part in it",
  "errors.test.mjs": inGo, // causes.test.mjs has what engines tell of failures
  "extension.test.mjs": "the extension is for Chromium: a service worker of Manifest V3",
  "manual.test.mjs": "the pages are made by others, for every browser",
  "late.test.mjs": "only Chromium freezes a page on command, and says which processes are its own",
  "hidden.test.mjs": "only Chromium slows down hidden pages at once, on command",
  "operations.test.mjs": inGo,
  "outlived.test.mjs": "no browser has a part in it",
  "package.test.mjs": "what bundlers make of the package does not depend on the engine",
  "pulse.test.mjs": "no browser has a part in it",
  "sessions.test.mjs": inGo,
  "simulator-package.test.mjs": "no browser has a part in it",
  "subscribe.test.mjs": inGo,
  "testing.test.mjs": "no browser has a part in it",
  "testing-alike.test.mjs": inGo,
  "types.test.mjs": "no browser has a part in it",
};

/** Files about what is made of the module: the demo, the extension, the examples, the manual and the packages. */
const ofPages =
  /^(desktop|docs|examples|extension|manual|package|simulator|simulator-package|testing|testing-alike|types)\./;

/** Files in which it matters whether the module runs in a Worker. */
const ofTheHost =
  /^(complete|frames|journal|lifecycle|log|program|replaced|transport-memory|turns)\./;

/** Files that wait for long, short as they are. */
const patient = new Set(["hidden.test.mjs", "late.test.mjs", "upgrades.test.mjs"]);

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
if (results.some(({ failed, passed }) => failed.length > 0 || passed.length === 0)) {
  process.exitCode = 1;
}

async function runIn(argument) {
  const where = names[argument];
  const [engine, part] = argument.split(/-(.*)/);
  console.log(`== js/dist in ${where}`);
  process.env.ENGINE = engine; // for the processes of the files
  process.env.HOST = part === "in-place" ? "page" : "worker";
  const result = { where, passed: [], failed: [], failedOnce: [], notApplicable: [] };
  const files = [];
  for (const { name, path } of await filesOf(part)) {
    const reason = engine !== "chromium" && chromiumOnly[name];
    if (reason) {
      result.notApplicable.push({ name, reason });
    } else {
      files.push(path);
    }
  }
  const started = performance.now();
  const failedFiles = await runFiles(files, atATime[argument] ?? atATime[engine], result);
  if (failedFiles.length > 0 && process.env.RETRIES) {
    console.log(`== ${where}: the files in which a test failed run again`);
    const again = { passed: [], failed: [], notApplicable: [] };
    await runFiles(failedFiles, 1, again);
    result.failedOnce = [...new Set([...result.failed, ...again.failed])];
    result.failed = again.failed.filter((name) => !result.passed.includes(name));
  }
  result.seconds = Math.round((performance.now() - started) / 1000);
  return result;
}

/** Runs files, so many at a time, adds to the result, and returns those of them in which a test failed. */
async function runFiles(files, atATime, result) {
  const left = files.values();
  const failed = new Set();
  const work = async () => {
    for (const file of left) {
      if (await runFile(file, result)) {
        failed.add(file);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return files.filter((file) => failed.has(file));
}

/** Runs a file, prints what its tests said once it is over, adds to the result, and returns whether a test failed. */
async function runFile(file, result) {
  const tests = run({ files: [file], timeout: patience });
  const started = performance.now();
  const failed = [];
  const named = (name) => `${basename(file)}: ${name}`;
  tests.on("test:pass", ({ name, skip }) => {
    if (skip) {
      result.notApplicable.push({ name, reason: skip });
    } else {
      result.passed.push(named(name));
    }
  });
  tests.on("test:fail", ({ name }) => failed.push(named(name)));
  let said = "";
  for await (const text of tests.compose(withoutCounts).compose(new spec())) {
    said += text;
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(`${said}  ${basename(file)}, in ${seconds} s\n`);
  result.failed.push(...failed);
  return failed.length > 0;
}

/** The events of a run without its counts, of which each file would have its own: {@link summarize} has them. */
async function* withoutCounts(events) {
  const counts = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;
  for await (const event of events) {
    if (event.type !== "test:diagnostic" || !counts.test(event.data.message)) {
      yield event;
    }
  }
}

/**
 * The files of a part, the largest first: most often these take longest, and none of them is to be the last.
 *
 * @param {string | undefined} part what follows the engine's name
 * @returns {Promise<{ name: string, path: string }[]>}
 */
async function filesOf(part) {
  const folder = new URL(part === "interop" ? "interop/" : ".", import.meta.url);
  return (await readdir(folder))
    .filter((name) => name.endsWith(".test.mjs") && (part === "interop" || isOf(part, name)))
    .map((name) => ({
      name,
      path: fileURLToPath(new URL(name, folder)),
      size: patient.has(name) ? Number.POSITIVE_INFINITY : statSync(new URL(name, folder)).size,
    }))
    .sort((a, b) => (a.size === b.size ? 0 : b.size - a.size));
}

/** Whether a file is of that part of the tests. */
function isOf(part, name) {
  return part === "in-place" ? ofTheHost.test(name) : ofPages.test(name) === (part === "pages");
}

function summarize({ where, passed, failed, failedOnce, notApplicable, seconds }) {
  const counts = `${passed.length} passed, ${failed.length} failed, ${notApplicable.length} not applicable`;
  console.log(`  ${where.padEnd(18)} ${counts}, in ${seconds} s`);
  for (const name of failed) {
    console.log(`    failed: ${name}`);
  }
  for (const name of failedOnce.filter((name) => !failed.includes(name))) {
    console.log(`    FAILED ONCE, and passed once: ${name}`);
  }
  for (const { name, reason } of notApplicable) {
    console.log(`    not applicable: ${name}: ${reason}`);
  }
}
