// The module that comes with the loader. worker.js has nothing of this: where it is, only a page knows.

import type { LoadOptions } from "./api.js";
import { NativeURL } from "./builtins.js";
import { compiledFrom, type Remedy, unlessForbidden } from "./module.js";
import { otherPlace, unplaced, wasOptimized } from "./place.js";
import { unavailable } from "./unavailable.js";
import { resolveUrl } from "./url.js";

/** Gives the compiled module that the options name, or that came with the loader. */
export function compiled(options: LoadOptions): Promise<WebAssembly.Module> {
  return unlessForbidden(async () => {
    if (options.wasmModule) {
      return options.wasmModule;
    }
    const url = moduleUrl(options);
    return compiledFrom(url, options.wasmIntegrity, remedy(options, url));
  });
}

/** Says what to do where the module is not at its place. */
function remedy({ wasmUrl }: LoadOptions, url: URL): Remedy {
  if (wasmUrl) {
    return ["the option wasmUrl says that the file is there", "errors.md#wasm-url"];
  }
  if (url.pathname.startsWith("/@fs/")) {
    return [whereLinked, "errors.md#linked"];
  }
  return wasOptimized() ? [whereMoved, "errors.md#moved"] : [whereMissing, "errors.md#wasm-url"];
}

const whereMissing = "the file is not beside index.js; the option wasmUrl says where it is";

const whereLinked =
  "the package is linked from outside of the app, where Vite's dev server serves no such file: install it with npm install --install-links, or set server: { fs: { allow: [...] } }";

const whereMoved =
  'the dev server has moved the package without its files: with Vite, set optimizeDeps: { exclude: ["gws-outbound"] }; else give wasmUrl and workerUrl';

/** Where the module is. */
export function moduleUrl({ wasmUrl }: LoadOptions): URL {
  return wasmUrl ? resolveUrl(wasmUrl) : packaged();
}

function packaged(): URL {
  const place = otherPlace();
  if (place === null) {
    throw unavailable(unplaced, "errors.md#no-place");
  }
  // Bundlers look for these very words to find the file.
  return place
    ? new NativeURL("outbound.wasm", place)
    : new URL("./outbound.wasm", import.meta.url);
}
