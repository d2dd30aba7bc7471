// Where the files of this package are. Bundlers find them by the words new URL(name, import.meta.url), and
// browsers do where the package is served as it is. Here is what is left.

import { NativeURL } from "./builtins.js";
import { hasUser, withoutUser } from "./url.js";

/** What the files are beside in a bundle that is no ES module, which does not know its own URL: only while it runs. */
const bundle = /* @__PURE__ */ urlOfBundle();

function urlOfBundle(): string | undefined {
  const { document, WorkerGlobalScope, location } = globalThis as typeof globalThis & {
    WorkerGlobalScope?: unknown;
  };
  if (document) {
    // Any element with that name would stand in for it, such as an image in a text that somebody else has written.
    const script = document.currentScript as HTMLScriptElement | null;
    return script?.tagName === "SCRIPT" ? script.src : undefined;
  }
  return WorkerGlobalScope ? location.href : undefined;
}

/**
 * Where dev servers on Vite have put the package when they optimize dependencies: one script, without the files
 * beside it. They serve these where they were installed, most often in the same node_modules.
 */
const optimized = /^(?:(.*\/node_modules)\/\.(?:cache\/)?|.*\/\.?)vite\/(?:client\/)?deps\//;

/** Whether a dev server has done that. */
export function wasOptimized(): boolean {
  return optimized.test(parse(import.meta.url)?.pathname ?? "");
}

/** What a message says where nothing tells where the files are. */
export const unplaced =
  "this bundle does not know where its files are (import.meta.url is undefined): give wasmUrl and workerUrl, or load it by a script element with outbound.wasm and worker.js beside it";

/**
 * Gives the URL that the names of the package's files are relative to, if it is not import.meta.url as it is; null if
 * nothing tells.
 */
export function otherPlace(): URL | null | undefined {
  const own = parse(import.meta.url);
  if (own === null) {
    const script = parse(bundle);
    return script && withoutUser(script);
  }
  const modules = optimized.exec(own.pathname)?.[1];
  if (modules !== undefined) {
    return withoutUser(new NativeURL(`${modules}/gws-outbound/dist/`, own));
  }
  // What bundlers look for is of no use where the page has put something else in the place of URL since.
  return hasUser(own) || URL !== NativeURL ? withoutUser(own) : undefined;
}

// blob: and data: are URLs, and nothing is relative to them.
function parse(url: string | undefined): URL | null {
  if (typeof NativeURL !== "function") {
    throw new TypeError(
      "the page has a variable named URL: load the package before the script that has it",
    );
  }
  try {
    new NativeURL("./worker.js", url as string);
    return new NativeURL(url as string);
  } catch {
    return null;
  }
}
