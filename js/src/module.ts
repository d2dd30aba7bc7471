import { AbortController, clearTimeout, fetch, setTimeout } from "./builtins.js";
import { OutboundError } from "./error.js";
import { type Symptom, unavailable } from "./unavailable.js";
import { shown } from "./url.js";

/** How long the module may take to arrive, in ms: a line of 8 kB/s has it by then, and one that hangs is given up. */
const limit = 180_000;

/** What to do where the module is not at its place, and where errors.md has more of that. */
export type Remedy = readonly [what: string, symptom: Symptom];

const modules = /* @__PURE__ */ new Map<string, Promise<WebAssembly.Module>>();

/** Gives the compiled module that is at `url`; what was compiled once is remembered. `remedy` says what to do where it is not there. */
export async function compiledFrom(
  url: URL,
  integrity = "",
  remedy: Remedy = ["is the file there?", "errors.md#wasm-url"],
): Promise<WebAssembly.Module> {
  // What was not checked against it must not be had by who asks for that.
  const key = `${integrity} ${url.href}`;
  let module = modules.get(key);
  if (!module) {
    module = fetchModule(url, integrity, remedy);
    modules.set(key, module);
    module.catch(() => modules.delete(key));
  }
  return module;
}

const emptyModule = /* @__PURE__ */ Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Gives the module that `load` gives, unless none may run here. Both are asked for at once: to say what the page's policy
 * allows takes a browser that has just started 30 ms.
 */
export async function unlessForbidden(
  load: () => Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  assertBrowser();
  const allowed = assertAllowed();
  const module = load();
  module.catch(() => {}); // where none may run, that is what is wrong
  await allowed;
  return module;
}

/** Throws where there is no browser, or no page any more. */
function assertBrowser(): void {
  const { document, WorkerGlobalScope } = globalThis as {
    document?: { defaultView: unknown };
    WorkerGlobalScope?: unknown;
  };
  // Where tests run, there may be what looks like a page.
  const pretended = document && /\b(jsdom|HappyDOM)\//.test(navigator.userAgent);
  if (pretended || (!document && !WorkerGlobalScope)) {
    throw unavailable(
      "this is no browser: the module runs in pages, Workers and extensions; for tests there is gws-outbound/testing",
      "errors.md#no-browser",
    );
  }
  if (document && !document.defaultView) {
    throw unavailable("its frame has been removed", "errors.md#frame-removed");
  }
}

// Asked of a module that runs: WebKit compiles one whatever the page's policy says.
async function assertAllowed(): Promise<void> {
  try {
    await WebAssembly.instantiate(emptyModule);
  } catch (cause) {
    // The browsers word it differently, and only in the message.
    throw /Content.Security.Policy|\bCSP\b|unsafe-eval/i.test(String(cause))
      ? unavailable(
          "the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src",
          "errors.md#wasm-policy",
          cause,
        )
      : unavailable(`this browser does not run WebAssembly (${cause})`, "errors.md#no-wasm", cause);
  }
}

/** What did not arrive whole, or is not what it should be: another time it may. */
class Spoilt {
  readonly error: OutboundError;

  constructor(error: OutboundError) {
    this.error = error;
  }
}

/**
 * Fetches and compiles the module. One that has arrived spoilt is fetched once more, past the cache:
 * where two pages load it at once, Chromium gives one of them a part of it, if the server's answer
 * is chunked and may be kept; and what a cache has of a file that was cut off stays there.
 */
async function fetchModule(
  url: URL,
  integrity: string,
  remedy: Remedy,
): Promise<WebAssembly.Module> {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(), limit);
  try {
    return await fetchOnce(url, { integrity, signal }, remedy).catch((error) => {
      if (!(error instanceof Spoilt)) {
        throw error;
      }
      return fetchOnce(url, { integrity, signal, cache: "reload" }, remedy);
    });
  } catch (error) {
    if (signal.aborted) {
      throw unavailable(
        `${shown(url)} did not arrive within ${limit / 1000} s; look at the network, and try again`,
        "errors.md#wasm-slow",
      );
    }
    throw error instanceof Spoilt ? error.error : error;
  } finally {
    clearTimeout(timer);
  }
}

async function fetchOnce(
  url: URL,
  init: RequestInit & { integrity: string; signal: AbortSignal },
  [what, symptom]: Remedy,
): Promise<WebAssembly.Module> {
  const where = shown(url);
  let response: Response;
  try {
    response = await fetch(url, { __proto__: null, ...init } as RequestInit);
  } catch (cause) {
    if (init.integrity && (await answers(url, init.signal))) {
      throw new Spoilt(
        unavailable(
          `what ${where} answered does not have the digest that wasmIntegrity gives; it must be that of this very file`,
          "errors.md#wasm-digest",
          cause,
        ),
      );
    }
    throw unavailable(
      `fetching ${where} failed; look for the network, CORS, and connect-src in the page's Content-Security-Policy`,
      "errors.md#wasm-fetch",
      cause,
    );
  }
  if (!response.ok) {
    throw unavailable(`${where} answered HTTP ${response.status}; ${what}`, symptom);
  }
  const type = response.headers.get("content-type") ?? "";
  try {
    // Browsers refuse to stream any other type. Many static servers do not
    // know the right one, and the bytes are as good.
    if (/^application\/wasm\s*$/i.test(type) && WebAssembly.compileStreaming) {
      return await WebAssembly.compileStreaming(response);
    }
    const bytes = await response.arrayBuffer();
    if (!isWasm(bytes)) {
      throw unavailable(
        `${where} answered HTTP ${response.status} with ${type || "something"} that is not WebAssembly; ${what}`,
        "errors.md#wasm-html",
      );
    }
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    if (cause instanceof OutboundError) {
      throw cause;
    }
    throw new Spoilt(
      unavailable(
        `${where} did not arrive whole, or is damaged (${cause}); load it again`,
        "errors.md#wasm-cut",
        cause,
      ),
    );
  }
}

// A digest that is wrong looks like a network that is down. Where the server
// answers all the same, it is the digest.
async function answers(url: URL, signal: AbortSignal): Promise<boolean> {
  try {
    await fetch(url, { __proto__: null, method: "HEAD", signal } as RequestInit);
    return true;
  } catch {
    return false;
  }
}

function isWasm(bytes: ArrayBuffer): boolean {
  const magic = [0x00, 0x61, 0x73, 0x6d]; // "\0asm"
  const start = new Uint8Array(bytes, 0, Math.min(bytes.byteLength, magic.length));
  return magic.every((byte, i) => start[i] === byte);
}
