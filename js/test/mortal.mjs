// Builds testdata/mortal, a Go program that ends on command. The real
// one gives no way to do that from outside.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

/** @returns {Promise<{ url: URL, remove: () => Promise<void> }>} the compiled file */
export async function buildMortal() {
  const folder = await mkdtemp(join(tmpdir(), "gws-outbound-mortal-"));
  const file = join(folder, "mortal.wasm");
  await promisify(execFile)("go", ["build", "-ldflags=-s -w", "-o", file, "."], {
    cwd: fileURLToPath(new URL("testdata/mortal", import.meta.url)),
    env: { ...process.env, GOOS: "js", GOARCH: "wasm" },
  });
  return { url: pathToFileURL(file), remove: () => rm(folder, { recursive: true }) };
}
