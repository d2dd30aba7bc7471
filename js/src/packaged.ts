// The module that comes with the loader. worker.js has nothing of this: where it is, only a page knows.

import type { LoadOptions } from "./api.js";
import { assertAllowed, compiledFrom } from "./module.js";
import { otherPlace, unplaced, wasOptimized } from "./place.js";
import { unavailable } from "./unavailable.js";
import { resolveUrl } from "./url.js";

/** Gives the compiled module that the options name, or that came with the loader. */
export async function compiled(options: LoadOptions): Promise<WebAssembly.Module> {
  await assertAllowed();
  if (options.wasmModule) {
    return options.wasmModule;
  }
  const url = moduleUrl(options);
  const moved = wasOptimized() && url.href === packaged().href;
  return compiledFrom(url, options.wasmIntegrity, moved ? whereMoved : undefined);
}

const whereMoved =
  'the dev server has moved the package without its files: with Vite, set optimizeDeps: { exclude: ["gws-outbound"] }; else give wasmUrl and workerUrl';

/** Where the module is. */
export function moduleUrl({ wasmUrl }: LoadOptions): URL {
  return wasmUrl ? resolveUrl(wasmUrl) : packaged();
}

function packaged(): URL {
  const place = otherPlace();
  if (place === null) {
    throw unavailable(unplaced);
  }
  // Bundlers look for these very words to find the file.
  return place ? new URL("outbound.wasm", place) : new URL("./outbound.wasm", import.meta.url);
}
