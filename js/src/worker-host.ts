// Runs the Go program in a dedicated Worker. What runs there is worker.ts.

import { clearTimeout, NativePromise, setTimeout } from "./builtins.js";
import { Link } from "./link.js";
import type { Port } from "./port.js";
import { Program } from "./program.js";
import { remake } from "./thrown.js";
import { unavailable } from "./unavailable.js";
import { hasUser, resolveUrl, withoutSecrets, withoutUser } from "./url.js";
import { type FromWorker, fromText } from "./wire.js";

/** How long a Worker may take to load its script and to start the program, in ms. */
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

/** Starts a program in a Worker of its own, whose script is at `url` if given. Throws a NoWorker where there can be none. */
export async function linkToWorker(
  module: Promise<WebAssembly.Module>,
  url: string | URL | undefined,
): Promise<Link> {
  const worker = makeWorker(url);
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
    if (url !== undefined) {
      return new Worker(resolveUrl(url), { type: "module", name: "gws-outbound" });
    }
    const script = new URL(import.meta.url);
    if (hasUser(script)) {
      // Firefox would take the URL as it is, and print it where a policy forbids it.
      const url = new URL("./worker.js", withoutUser(script));
      return new Worker(url, { type: "module", name: "gws-outbound" });
    }
    // Bundlers look for these very words to find the file.
    return new Worker(new URL("./worker.js", import.meta.url), {
      type: "module",
      name: "gws-outbound",
    });
  } catch (cause) {
    const why = /TrustedScriptURL/.test(`${cause}`) ? trusts : needs;
    throw new NoWorker(`no Worker could be made (${withoutSecrets(`${cause}`)}): ${why}`);
  }
}

const needs =
  "worker.js must be beside index.js or at workerUrl, on the page's own origin, and allowed by worker-src in the page's Content-Security-Policy";

const trusts =
  "the page's Trusted Types policy named default must let the URL of worker.js pass, in createScriptURL";

// There is an error message only where the script was loaded.
function whyNot(message: string | undefined): string {
  return message
    ? `the Worker failed: ${withoutSecrets(message)}`
    : `worker.js could not be loaded: ${needs}; with a Cross-Origin-Embedder-Policy, worker.js must be served with it, too`;
}

async function begin(worker: Worker, module: Promise<WebAssembly.Module>): Promise<Link> {
  const { port1, port2 } = new MessageChannel();
  const life = `gws-outbound ${Math.random()} ${performance.now()}`;
  const message: Begin = { module: await module, port: port2, life };
  worker.postMessage(message, [port2]);
  return new Start(worker, port1, life).link;
}

/** A Worker that starts: hears what it says until there is a program, and of that one's end. */
class Start {
  readonly link: Promise<Link>;
  readonly #worker: Worker;
  readonly #messages: MessagePort;
  readonly #life: string;
  readonly #program = new Program();
  readonly #port: Port;
  #locked = false;
  #began!: (link: Link) => void;
  #failed!: (error: Error) => void;

  constructor(worker: Worker, messages: MessagePort, life: string) {
    this.#worker = worker;
    this.#messages = messages;
    this.#life = life;
    this.link = new NativePromise((resolve, reject) => {
      this.#began = resolve;
      this.#failed = reject;
    });
    this.#port = { send: (text) => messages.postMessage(text), onmessage: () => {} };
    messages.onmessage = ({ data }) => this.#take(data);
    this.#limit();
    this.#program.onEnd(() => this.#failed(this.#program.error({ ...nothing })));
  }

  // Where the page was frozen meanwhile, or its thread busy, the Worker has a second chance.
  #limit(again = true): void {
    const due = performance.now() + patience;
    const timer = setTimeout(() => {
      if (again && performance.now() > due + 1000) {
        this.#limit(false);
      } else {
        this.#program.end({ reason: "did not start: its Worker has ended, or does not answer" });
      }
    }, patience);
    const done = () => clearTimeout(timer);
    this.link.then(done, done);
  }

  #take(text: string): void {
    for (const message of fromText(text) as FromWorker[]) {
      switch (message.kind) {
        case "starting":
          this.#watch(message.locked);
          break;
        case "ready":
          this.#begin();
          break;
        case "unfit":
          this.#failed(unavailable(message.message, message.cause ? remake(message.cause) : null));
      }
    }
  }

  // The Worker holds this lock while it lives. Where there are no locks, as in an insecure context, or in a
  // document without an origin, the program has to answer from time to time.
  #watch(locked: boolean): void {
    this.#locked = locked && navigator.locks !== undefined;
    if (this.#locked) {
      navigator.locks
        .request(this.#life, () => this.#program.end({ reason: "was lost: its Worker has ended" }))
        .catch(() => {
          this.#locked = false;
        });
    }
  }

  #begin(): void {
    const release = () => {
      this.#worker.terminate();
      this.#messages.close();
      this.#program.end({ reason: "was ended with its client" });
    };
    const link = new Link(this.#port, this.#program, "worker", release, () => !this.#locked);
    this.#messages.onmessage = ({ data }) => {
      const [first] = fromText(data);
      if (first?.kind === "ended") {
        this.#program.end({
          reason: first.reason,
          cause: first.cause ? remake(first.cause) : undefined,
        });
      } else {
        this.#port.onmessage(data);
      }
    };
    this.#began(link);
  }
}

const nothing = { delivery: "not-sent", referenceId: undefined } as const;
