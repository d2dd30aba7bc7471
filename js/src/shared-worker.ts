// Runs Go programs in a shared Worker, for the pages of one origin that have the same build of this package: one program for
// all of them, but where they have the module from different places. Its other half is shared-host.ts.

import { build } from "./build.js";
import { clearTimeout, setTimeout } from "./builtins.js";
import { instantiate } from "./instantiate.js";
import { hold } from "./life.js";
import { compiledFrom, unlessForbidden } from "./module.js";
import type { Program } from "./program.js";
import { say, sayEnded, sayUnfit } from "./say.js";
import type { Join } from "./shared-host.js";
import { unavailable } from "./unavailable.js";
import { toText } from "./wire.js";

/** A program that runs, and its pages. */
interface Shared {
  program: Program;
  receive(port: number, text: string): void;
  ports: Map<number, MessagePort>;
}

/** By where the module is from. */
const programs = new Map<string, Promise<Shared>>();

let lastPort = 0;

/** How long a page without Web Locks may say nothing, in ms: where it is hidden, its timers fire once a minute. */
const silence = 180_000;

/** How often a page is told that its module is loading, in ms. */
const interval = 5000;

/** Takes a page, over whose port everything goes from now on. */
export async function join(port: MessagePort, request: Join): Promise<void> {
  const free = await hold(request.life);
  say(port, { kind: "starting", locked: free !== undefined, build });
  try {
    if (request.build !== build) {
      throw unavailable("worker.js is of another build than index.js", "errors.md#other-build");
    }
    const module = await loading(port, request);
    serve(port, request, await programOf(request, module), () => free?.());
  } catch (error) {
    sayUnfit(port, error);
    free?.();
  }
}

/** Gives the module, and says that it is loading until then: on a slow line that takes its time. */
async function loading(
  port: MessagePort,
  { wasmUrl, wasmIntegrity }: Join,
): Promise<WebAssembly.Module> {
  const timer = setInterval(say, interval, port, { kind: "loading" });
  try {
    return await unlessForbidden(() => compiledFrom(new URL(wasmUrl), wasmIntegrity));
  } finally {
    clearInterval(timer);
  }
}

function programOf({ wasmUrl, wasmIntegrity }: Join, module: WebAssembly.Module): Promise<Shared> {
  const key = `${wasmIntegrity} ${wasmUrl}`;
  let shared = programs.get(key);
  if (!shared) {
    shared = start(module);
    programs.set(key, shared);
    const forget = () => programs.delete(key);
    shared.then(({ program }) => program.onEnd(forget), forget);
  }
  return shared;
}

async function start(module: WebAssembly.Module): Promise<Shared> {
  const ports = new Map<number, MessagePort>();
  const running = await instantiate(module, (page, text) => ports.get(page)?.postMessage(text));
  return { ...running, ports };
}

/** Passes texts on, until the page or the program is no more. */
function serve(port: MessagePort, { page }: Join, shared: Shared, free: () => void): void {
  const { program, receive, ports } = shared;
  const number = ++lastPort;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const off = program.onEnd(() => sayEnded(port, program));
  const gone = () => {
    off();
    clearTimeout(timer);
    ports.delete(number);
    port.close();
    free();
    if (!program.ended) {
      receive(number, toText({ kind: "gone" }));
    }
  };
  const heard = () => {
    if (page === null) {
      clearTimeout(timer);
      timer = setTimeout(gone, silence);
    }
  };
  ports.set(number, port);
  port.onmessage = ({ data }) => {
    heard();
    if (!program.ended) {
      receive(number, data);
    }
  };
  heard();
  say(port, { kind: "ready" });
  if (page !== null) {
    navigator.locks.request(page, gone).catch(() => {});
  }
}
