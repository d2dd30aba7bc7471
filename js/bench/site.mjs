// The site of the benchmark, which serves its files as one in use does: compressed, and for browsers
// to keep.

import { startSite } from "../test/site.mjs";
import { pages } from "./navigation.mjs";
import { brotliOf, shipped } from "./size.mjs";

/** @param {URL} folder where the benchmark's own files are */
export async function startBenchSite(folder) {
  const site = await startSite({ cached: true });
  site.files.set("/bench/stats.wasm", new URL("stats.wasm", folder)); // its size does not matter
  const files = Object.entries(shipped).map(([name, file]) => [`/dist/${name}`, file]);
  for (const name of ["page.js", "peer.js", "peer-worker.js", "floor.wasm"]) {
    files.push([`/bench/${name}`, new URL(name, folder)]);
  }
  await Promise.all(
    files.map(async ([path, file]) => {
      site.files.set(path, { encoding: "br", body: await brotliOf(file) });
    }),
  );
  for (const [path, body] of Object.entries(pages)) {
    site.files.set(path, { type: "text/html; charset=utf-8", body });
  }
  return site;
}
