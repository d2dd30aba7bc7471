// Compares the size of what is shipped, compressed by brotli, with size.json,
// and prints both.
//
//   node size.mjs [record]
//
// With record, size.json is written. Without, the exit status is 1 if a file has
// grown by more than 1 %.

import { readFile, writeFile } from "node:fs/promises";
import { measureSizes, shipped } from "./bench/size.mjs";

const most = 1.01; // times the recorded size
const file = new URL("size.json", import.meta.url);

const sizes = await measureSizes(shipped);
if (process.argv[2] === "record") {
  const brotli = Object.entries(sizes).map(([name, size]) => [name, size.brotli]);
  await writeFile(file, `${JSON.stringify(Object.fromEntries(brotli), null, 2)}\n`);
}
const recorded = JSON.parse(await readFile(file, "utf8"));

row("js/dist, bytes", "raw", "gzip", "brotli", "recorded");
for (const [name, { raw, gzip, brotli }] of Object.entries(sizes)) {
  row(
    name,
    ...[raw, gzip, brotli, recorded[name]].map((bytes) => bytes?.toLocaleString("en") ?? "never"),
  );
}
const grown = Object.keys(sizes).filter((name) => !(sizes[name].brotli <= most * recorded[name]));
if (grown.length > 0) {
  console.error(
    `${grown.join(", ")}: more than 1 % over the size that js/size.json records. ` +
      "If the growth is worth it, record it with `make size RECORD=1`, and say why in CHANGELOG.md.",
  );
  process.exitCode = 1;
}

function row(name, ...cells) {
  console.log(`  ${name.padEnd(16)}${cells.map((cell) => cell.padStart(12)).join("")}`);
}
