// The size of what is shipped, and of other files to compare it with.

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";

/** The built package's files that a browser fetches, by name. */
export const shipped = Object.fromEntries(
  ["outbound.wasm", "index.js", "worker.js", "wasm_exec.js"].map((name) => [
    name,
    new URL(`../dist/${name}`, import.meta.url),
  ]),
);

const compressed = new Map();

/** A file as browsers fetch it, compressed by brotli at the highest level. @returns {Promise<Buffer>} */
export function brotliOf(file) {
  if (!compressed.has(file.href)) {
    compressed.set(file.href, readFile(file).then(promisify(brotliCompress)));
  }
  return compressed.get(file.href);
}

/**
 * @param {{ [name: string]: URL }} files
 * @returns {Promise<{ [name: string]: { raw: number, gzip: number, brotli: number } }>} bytes
 */
export async function measureSizes(files) {
  const sizes = await Promise.all(
    Object.entries(files).map(async ([name, file]) => {
      const bytes = await readFile(file);
      const [zipped, brotli] = await Promise.all([
        promisify(gzip)(bytes, { level: 9 }),
        brotliOf(file),
      ]);
      return [name, { raw: bytes.length, gzip: zipped.length, brotli: brotli.length }];
    }),
  );
  return Object.fromEntries(sizes);
}
