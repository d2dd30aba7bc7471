// The size of what is shipped, beside that of the peer and of a bare Go module.

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { packageSizes } from "./packages.mjs";

/**
 * @param {{ [name: string]: URL }} files
 * @param {{ module: URL, imports: string[] }} named the module with its names, and its packages
 */
export async function measureSizes(files, named) {
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
  return {
    files: Object.fromEntries(sizes),
    packages: packageSizes(await readFile(named.module), named.imports),
  };
}
