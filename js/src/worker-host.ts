// Runs the Go program in a dedicated Worker. What runs there is worker.ts.

import type { OutboundClient } from "./api.js";
import { build } from "./build.js";
import {
  AbortController,
  clearTimeout,
  clock,
  MessageChannel,
  NativePromise,
  NativeURL,
  setTimeout,
} from "./builtins.js";
import { OutboundError } from "./error.js";
import { lockName } from "./life.js";
import { Link } from "./link.js";
import { otherPlace, unplaced } from "./place.js";
import type { Port } from "./port.js";
import { Program } from "./program.js";
import { remake } from "./thrown.js";
import { resolveUrl, withoutSecrets } from "./url.js";
import { type FromWorker, fromText, type ToPage } from "./wire.js";

/** How long a Worker may take to load its script, and to start the program once it has the module, in ms. */
const patience = 20_000;

/** Says why there is no Worker to be had. */
export class NoWorker extends Error {}

/** What goes to the Worker before the first text: what no text can hold. */
export interface Begin {
  module: WebAssembly.Module;
  port: MessagePort;
  /** The name of a lock for the Worker to hold as long as it lives. */
  life: string;
}

/** Has the Worker dial a WebSocket, before it begins or after. */
export interface DialAhead {
  dial: string;
}

/**
 * Starts a program in a Worker of its own, whose script is at `url` if given, and which dials `socket` meanwhile. Throws a
 * NoWorker where there can be none.
 */
export async function linkToWorker(
  module: Promise<WebAssembly.Module>,
  url: string | URL | undefined,
  socket: Promise<string | undefined>,
): Promise<Link> {
  const worker = makeWorker(url);
  socket.then((dial) => dial && worker.postMessage({ dial } satisfies DialAhead));
  try {
    return await new NativePromise<Link>((resolve, reject) => {
      const broken = ({ message }: ErrorEvent) => reject(new NoWorker(whyNot(message)));
      worker.addEventListener("error", broken);
      begin(worker, module).then(resolve, reject);
    });
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function makeWorker(url: string | URL | undefined): Worker {
  if (typeof Worker === "undefined") {
    throw new NoWorker("there is no Worker in this scope");
  }
  try {
    const elsewhere = workerUrl(url);
    if (elsewhere) {
      return new Worker(elsewhere, { type: "module", name: "gws-outbound" });
    }
    // Bundlers look for these very words to find the file.
    return new Worker(new URL("./worker.js", import.meta.url), {
      type: "module",
      name: "gws-outbound",
    });
  } catch (cause) {
    throw whyNoWorker(cause);
  }
}

/** Where worker.js is: at `given`, or where import.meta.url does not tell; undefined where that does. */
export function workerUrl(given: string | URL | undefined): URL | undefined {
  if (given !== undefined) {
    return resolveUrl(given);
  }
  const place = otherPlace();
  if (place === null) {
    throw new NoWorker(unplaced);
  }
  return place && new NativeURL("worker.js", place);
}

/** Says why none could be made, from what was thrown. */
export function whyNoWorker(cause: unknown): NoWorker {
  if (cause instanceof NoWorker) {
    return cause;
  }
  const why = /TrustedScriptURL/.test(`${cause}`) ? trusts : needs;
  return new NoWorker(`no Worker could be made (${withoutSecrets(`${cause}`)}): ${why}`);
}

const needs =
  "worker.js must be beside index.js or at workerUrl, on the page's own origin, and allowed by worker-src in the page's Content-Security-Policy";

const otherBuild =
  "worker.js is of another build than index.js: both must be those of one build, wherever they are, and whatever a cache has kept";

const trusts =
  "the page's Trusted Types policy named default must let the URL of worker.js pass, in createScriptURL";

/** Says why it does not run. There is an error message only where the script was loaded. */
export function whyNot(message: string | undefined): string {
  return message
    ? `the Worker failed: ${withoutSecrets(message)}`
    : `worker.js could not be loaded: ${needs}; with a Cross-Origin-Embedder-Policy, worker.js must be served with it, too`;
}

async function begin(worker: Worker, module: Promise<WebAssembly.Module>): Promise<Link> {
  const { port1, port2 } = new MessageChannel();
  const life = lockName();
  const message: Begin = { module: await module, port: port2, life };
  worker.postMessage(message, [port2]);
  return new Start(port1, life, "worker", () => worker.terminate()).link;
}

/** A Worker that starts: hears what it says until there is a program, and of that one's end. */
export class Start {
  readonly link: Promise<Link>;
  /** The name of the lock that the Worker holds. */
  readonly life: string;
  readonly #host: OutboundClient["host"];
  readonly #release: () => void;
  readonly #messages: MessagePort;
  readonly #waiting = new AbortController();
  readonly #program = new Program();
  readonly #port: Port;
  #locked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #began!: (link: Link) => void;
  #failed!: (error: Error) => void;

  /** `release` lets go of the Worker. */
  constructor(
    messages: MessagePort,
    life: string,
    host: OutboundClient["host"],
    release: () => void,
  ) {
    this.life = life;
    this.#host = host;
    this.#release = release;
    this.#messages = messages;
    this.link = new NativePromise((resolve, reject) => {
      this.#began = resolve;
      this.#failed = reject;
    });
    this.#port = { send: (text) => messages.postMessage(text), onmessages: () => {} };
    messages.onmessage = ({ data }) => this.#take(data);
    this.#limit();
    const done = () => clearTimeout(this.#timer);
    this.link.then(done, done);
    this.#program.onEnd(() => this.#failed(this.#program.error({ ...nothing })));
  }

  // Where the page was frozen meanwhile, or its thread busy, the Worker has a second chance.
  #limit(again = true): void {
    const due = clock.now() + patience;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (again && clock.now() > due + 1000) {
        this.#limit(false);
      } else {
        this.#program.end({ reason: "did not start: its Worker has ended, or does not answer" });
      }
    }, patience);
  }

  #take(text: string): void {
    for (const message of fromText(text) as FromWorker[]) {
      switch (message.kind) {
        case "starting":
          if (message.build !== build) {
            this.#messages.close(); // what else it says may not be understood here
            this.#failed(new NoWorker(otherBuild));
            return;
          }
          this.#watch(message.locked);
          break;
        case "loading":
          this.#limit();
          break;
        case "ready":
          this.#begin();
          break;
        case "unfit":
          this.#failed(
            new OutboundError({
              code: message.code,
              message: message.message,
              delivery: "not-sent",
              cause: message.cause ? remake(message.cause) : undefined,
            }),
          );
      }
    }
  }

  // The Worker holds this lock while it lives. Where there are no locks, as in an insecure context, or in a
  // document without an origin, the program has to answer from time to time.
  #watch(locked: boolean): void {
    this.#locked = locked && navigator.locks !== undefined;
    if (!this.#locked) {
      return;
    }
    const options = { __proto__: null, signal: this.#waiting.signal };
    const wait = () =>
      navigator.locks.request(this.life, options as LockOptions, () =>
        this.#program.end({ reason: "was lost: its Worker has ended" }),
      );
    wait().catch(() => {
      this.#locked = false;
    });
    if (this.#host === "shared-worker") {
      // WebKit takes a page's locks when that goes to the back/forward cache: a shared Worker takes it for gone, and this
      // waits for nothing any more.
      const show = ({ persisted }: PageTransitionEvent) => persisted && wait().catch(() => {});
      addEventListener("pageshow", show, options as AddEventListenerOptions);
    }
  }

  /** Lets go of the Worker, and of the program. */
  end(): void {
    this.#release();
    this.#messages.close();
    this.#program.end({ reason: "was ended with its client" });
    this.#waiting.abort();
  }

  #begin(): void {
    const release = () => this.end();
    const link = new Link(this.#port, this.#program, this.#host, release, () => !this.#locked);
    this.#messages.onmessage = ({ data }) => {
      const messages = fromText(data);
      const [first] = messages;
      if (first?.kind === "ended") {
        this.#program.end({
          reason: first.reason,
          cause: first.cause ? remake(first.cause) : undefined,
        });
      } else {
        this.#port.onmessages(messages as ToPage[]);
      }
    };
    this.#began(link);
  }
}

const nothing = { delivery: "not-sent", referenceId: undefined } as const;
