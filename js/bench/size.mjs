// The size of what is shipped, beside that of the peer and of a bare Go module.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";

/** @param {{ [name: string]: URL }} files */
export async function measureSizes(files) {
  const sizes = await Promise.all(
    Object.entries(files).map(async ([name, file]) => {
      const bytes = await readFile(file);
      const [zipped, brotli] = await Promise.all([
        promisify(gzip)(bytes, { level: 9 }),
        promisify(brotliCompress)(bytes),
      ]);
      return [name, { raw: bytes.length, gzip: zipped.length, brotli: brotli.length }];
    }),
  );
  const command = ["run", "./internal/cmd/wasmsize", "-json", "./wasm"];
  const { packages } = JSON.parse((await promisify(execFile)("go", command)).stdout);
  return {
    files: Object.fromEntries(sizes),
    packages: Object.fromEntries(Object.entries(packages).sort(([, a], [, b]) => b - a)),
  };
}
