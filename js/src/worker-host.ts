// Runs the Go program in a dedicated Worker. What runs there is worker.ts.

import { OutboundError } from "./error.js";
import type { Begin, Headers as PackedHeaders, Signal, ToPage, ToWorker } from "./messages.js";
import { type Packed, packFields, packThrown } from "./pack.js";
import { Program } from "./program.js";
import type { Core, GoOptions, Handle, Hooks, Method, Track, Unsettled } from "./protocol.js";
import { isSignal } from "./signal.js";

/** Says why there is no Worker to be had. */
export class NoWorker extends Error {}

/** Starts a program in a Worker of its own. Throws a NoWorker where there can be none. */
export async function startInWorker(module: Promise<WebAssembly.Module>): Promise<Program> {
  const worker = makeWorker();
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener("error", ({ message }) => reject(new NoWorker(whyNot(message))), {
      once: true,
    });
  });
  try {
    return await Promise.race([begin(worker, module), broken]);
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function makeWorker(): Worker {
  if (typeof Worker === "undefined") {
    throw new NoWorker("there is no Worker in this scope");
  }
  try {
    // Bundlers look for these very words to find the file.
    return new Worker(new URL("./worker.js", import.meta.url), {
      type: "module",
      name: "gws-outbound",
    });
  } catch (cause) {
    throw new NoWorker(`no Worker could be made (${cause}): ${needs}`);
  }
}

const needs =
  "worker.js must be beside index.js, on the page's own origin, and allowed by worker-src in the page's Content-Security-Policy";

// There is an error message only where the script was loaded.
function whyNot(message: string | undefined): string {
  return message ? `the Worker failed: ${message}` : `worker.js could not be loaded: ${needs}`;
}

async function begin(worker: Worker, module: Promise<WebAssembly.Module>): Promise<Program> {
  const { port1, port2 } = new MessageChannel();
  const program = new Program(() => {
    worker.terminate();
    port1.close();
  });
  const remote = new Remote(port1, program);
  program.core = remote;
  const life = `gws-outbound ${Math.random()} ${performance.now()}`;
  const message: Begin = { module: await module, port: port2, life };
  worker.postMessage(message, [port2]);
  await remote.ready;
  // The Worker holds this lock while it lives.
  navigator.locks
    ?.request(life, () => program.end({ reason: "was lost: its Worker has ended" }))
    .catch(() => {}); // a document without an origin has no locks
  return program;
}

interface Call {
  resolve(value: never): void;
  reject(error: OutboundError): void;
  signal: AbortSignal | undefined;
  track: Track | undefined;
}

/** The program in the Worker, with the one client that it has. */
class Remote implements Core, Handle {
  readonly ready: Promise<void>;
  readonly #port: MessagePort;
  readonly #program: Program;
  readonly #calls = new Map<number, Call>();
  #last = 0;
  #hooks!: Hooks;
  #headers!: () => unknown;
  /** What the page's function for headers threw last, by the question. */
  #thrown: { id: number; value: unknown } | undefined;
  #started!: () => void;
  #unfit!: (error: OutboundError) => void;

  constructor(port: MessagePort, program: Program) {
    this.#port = port;
    this.#program = program;
    this.ready = new Promise((resolve, reject) => {
      this.#started = resolve;
      this.#unfit = reject;
    });
    port.onmessage = ({ data }) => this.#take(data);
  }

  async createClient(options: GoOptions, hooks: Hooks): Promise<Handle> {
    this.#hooks = hooks;
    const { headers, ...rest } = options;
    // In the Worker, location is that of its script.
    rest.baseUrl ??= globalThis.location?.origin;
    await this.#call({ signal: rest.signal }, (id, signal) => ({
      do: "createClient",
      id,
      options: packOptions(rest, signal),
      headers: this.#packHeaders(headers),
      signal,
    }));
    return this;
  }

  call(method: Method, request: unknown, options: unknown, track: Track): Promise<unknown> {
    return this.#call({ signal: signalOf(options), track }, (id, signal) => ({
      do: "call",
      id,
      method,
      request: packFields(request),
      options: packOptions(options, signal),
      signal,
    }));
  }

  close(options?: { forget: boolean }): Promise<void> {
    return this.#call({}, (id) => ({ do: "close", id, options }));
  }

  unsettled(): Promise<Unsettled[]> {
    return this.#call({}, (id) => ({ do: "unsettled", id }));
  }

  settled(referenceId: string): Promise<unknown> {
    return this.#call({}, (id) => ({ do: "settled", id, referenceId }));
  }

  told(referenceId: string): void {
    this.#post({ do: "told", referenceId });
  }

  forget(referenceId: unknown): Promise<void> {
    return this.#call({}, (id) => ({ do: "forget", id, referenceId: packFields(referenceId) }));
  }

  listen(): void {
    this.#post({ do: "listen" });
  }

  wake(): void {
    this.#post({ do: "wake" });
  }

  leave(): void {
    this.#post({ do: "leave" });
  }

  #call<T>(
    { signal, track }: { signal?: unknown; track?: Track },
    message: (id: number, signal: Signal) => ToWorker,
  ): Promise<T> {
    const id = ++this.#last;
    const real = isSignal(signal) ? signal : undefined;
    const reason = () => packThrown(real?.reason, { of: "signal", id });
    const abort = () => this.#post({ do: "abort", id, reason: reason() });
    const settled = new Promise<T>((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, signal: real, track });
      this.#post(message(id, real && (real.aborted ? { aborted: reason() } : {})));
      real?.addEventListener("abort", abort, { once: true });
    });
    return settled.finally(() => {
      this.#calls.delete(id);
      real?.removeEventListener("abort", abort);
    });
  }

  #take(message: ToPage): void {
    switch (message.say) {
      case "ready":
        this.#started();
        break;
      case "unfit":
        this.#unfit(new OutboundError(message.error));
        break;
      case "resolved":
        this.#calls.get(message.id)?.resolve(message.value as never);
        break;
      case "rejected":
        this.#reject(message);
        break;
      case "track":
        this.#know(message);
        break;
      case "headers":
        this.#answer(message.id);
        break;
      case "ended":
        this.#program.end(message.ending);
        break;
      default:
        this.#hooks[message.say](message.detail as never);
    }
  }

  #know({ id, known }: ToPage & { say: "track" }): void {
    const track = this.#calls.get(id)?.track;
    if (track) {
      track.known = known;
    }
  }

  #reject({ id, error, cause }: ToPage & { say: "rejected" }): void {
    const call = this.#calls.get(id);
    if (cause?.of === "signal") {
      error.cause = call?.signal?.reason;
    } else if (cause && cause.id === this.#thrown?.id) {
      error.cause = this.#thrown.value;
    }
    call?.reject(new OutboundError(error));
  }

  #packHeaders(headers: unknown): PackedHeaders {
    if (typeof headers === "function") {
      this.#headers = () => headers();
      return "ask";
    }
    if (headers === undefined || headers === null) {
      return undefined;
    }
    try {
      return { fields: fields(headers) };
    } catch (error) {
      return { refused: packThrown(error, { of: "headers", id: 0 }) };
    }
  }

  async #answer(id: number): Promise<void> {
    let answer: ToWorker;
    try {
      const given = await this.#headers();
      answer = { do: "headers", id, fields: given == null ? undefined : fields(given) };
    } catch (value) {
      this.#thrown = { id, value };
      answer = { do: "headers", id, thrown: packThrown(value, { of: "headers", id }) };
    }
    this.#post(answer);
  }

  #post(message: ToWorker): void {
    this.#port.postMessage(message);
  }
}

/** Options may be anything, such as an array that cannot be read. */
function signalOf(options: unknown): unknown {
  try {
    return (options as { signal?: unknown } | undefined)?.signal;
  } catch {
    return undefined;
  }
}

/** Packs options without their signal; what is none stays among them, to be refused. */
function packOptions(options: unknown, signal: Signal): Packed {
  return packFields(signal ? { ...(options as object), signal: undefined } : options);
}

function fields(headers: unknown): [string, string][] {
  return [...new Headers(headers as HeadersInit)];
}
