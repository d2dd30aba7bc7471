// The deadlines of calls on the page's side: src/calls.ts alone, by a clock of the test's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("../src/calls.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});
const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`;
const { Calls } = await import(url);

let now = 0;
const calls = new Calls();
const begin = (limit) => {
  let id;
  const known = { delivery: "unknown", referenceId: "r" };
  const promise = calls.begin({ known, limit, send: (given) => (id = given) });
  return { id, promise };
};

test("a call that is overdue is given more time again and again, the others are left alone", async (t) => {
  t.mock.method(performance, "now", () => now);
  const first = begin(20_000);
  begin(60_000);
  begin(); // without a deadline
  const seen = [];
  for (now = 0; now <= 55_000; now += 5000) {
    seen.push(calls.extend(10_000));
  }
  assert.deepEqual(seen, [0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3]);
  calls.get(first.id).resolve("done");
  assert.equal(await first.promise, "done");
  assert.equal(calls.extend(10_000), 0);
});
