// What is held for the time that the page may go away: src/outlived.ts alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("../src/outlived.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});
let held;
class Held extends Set {
  constructor() {
    super();
    held = this;
  }
}
const real = globalThis.Set;
globalThis.Set = Held;
const { unlessLeft } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
);
globalThis.Set = real;

test("nothing is held of what has settled, nor of what threw before there was a Promise", async () => {
  const known = { delivery: "not-sent", referenceId: undefined };
  assert.equal(await unlessLeft(known, async () => 5), 5);
  const refuse = () => {
    throw new Error("closed");
  };
  await assert.rejects(unlessLeft(known, refuse), /closed/);
  await assert.rejects(
    unlessLeft(known, async () => refuse()),
    /closed/,
  );
  await new Promise(setImmediate);
  assert.equal(held.size, 0);
});
