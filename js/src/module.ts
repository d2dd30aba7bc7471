import { fetch } from "./builtins.js";
import { OutboundError } from "./error.js";
import { unavailable } from "./unavailable.js";
import { shown } from "./url.js";

const modules = /* @__PURE__ */ new Map<string, Promise<WebAssembly.Module>>();

/** Gives the compiled module that is at `url`; what was compiled once is remembered. `remedy` says what to do where it is not there. */
export async function compiledFrom(
  url: URL,
  integrity = "",
  remedy = "is the file there?",
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

// Asked before anything is fetched, and of a module that runs: WebKit compiles
// one whatever the page's policy says.
export async function assertAllowed(): Promise<void> {
  const { document, WorkerGlobalScope } = globalThis as {
    document?: { defaultView: unknown };
    WorkerGlobalScope?: unknown;
  };
  // Where tests run, there may be what looks like a page.
  const pretended = document && /\b(jsdom|HappyDOM)\//.test(navigator.userAgent);
  if (pretended || (!document && !WorkerGlobalScope)) {
    throw unavailable(
      "this is no browser: the module runs in pages, Workers and extensions; for tests there is gws-outbound/testing",
    );
  }
  if (document && !document.defaultView) {
    throw unavailable("its frame has been removed");
  }
  try {
    await WebAssembly.instantiate(emptyModule);
  } catch (cause) {
    // The browsers word it differently, and only in the message.
    throw unavailable(
      /Content.Security.Policy|\bCSP\b|unsafe-eval/i.test(String(cause))
        ? `the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src`
        : `this browser does not run WebAssembly (${cause})`,
      cause,
    );
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
  remedy: string,
): Promise<WebAssembly.Module> {
  try {
    return await fetchOnce(url, { integrity }, remedy);
  } catch (error) {
    if (!(error instanceof Spoilt)) {
      throw error;
    }
  }
  try {
    return await fetchOnce(url, { integrity, cache: "reload" }, remedy);
  } catch (error) {
    throw error instanceof Spoilt ? error.error : error;
  }
}

async function fetchOnce(
  url: URL,
  init: RequestInit & { integrity: string },
  remedy: string,
): Promise<WebAssembly.Module> {
  const where = shown(url);
  let response: Response;
  try {
    response = await fetch(url, { __proto__: null, ...init } as RequestInit);
  } catch (cause) {
    if (init.integrity && (await answers(url))) {
      throw new Spoilt(
        unavailable(
          `what ${where} answered does not have the digest that wasmIntegrity gives; it must be that of this very file`,
          cause,
        ),
      );
    }
    throw unavailable(
      `fetching ${where} failed; look for the network, CORS, and connect-src in the page's Content-Security-Policy`,
      cause,
    );
  }
  if (!response.ok) {
    throw unavailable(`${where} answered HTTP ${response.status}; ${remedy}`);
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
        `${where} answered HTTP ${response.status} with ${type || "something"} that is not WebAssembly; ${remedy}`,
      );
    }
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    if (cause instanceof OutboundError) {
      throw cause;
    }
    throw new Spoilt(
      unavailable(`${where} did not arrive whole, or is damaged (${cause}); load it again`, cause),
    );
  }
}

// A digest that is wrong looks like a network that is down. Where the server
// answers all the same, it is the digest.
async function answers(url: URL): Promise<boolean> {
  try {
    await fetch(url, { __proto__: null, method: "HEAD" } as RequestInit);
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
