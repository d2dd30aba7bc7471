// Runs the Go program in a dedicated Worker. What runs there is worker.ts.

import { callText } from "./call-text.js";
import { Calls } from "./calls.js";
import { OutboundError } from "./error.js";
import type { Begin, Headers as PackedHeaders, ToPage, ToWorker } from "./messages.js";
import { packFields, packThrown, type Thrown } from "./pack.js";
import { Program } from "./program.js";
import type { Core, GoOptions, Handle, Hooks, Method, Track, Unsettled } from "./protocol.js";
import { signalOf, withoutSignal } from "./signal.js";

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

/** The program in the Worker, with the one client that it has. */
class Remote implements Core, Handle {
  readonly ready: Promise<void>;
  readonly #port: MessagePort;
  readonly #program: Program;
  readonly #calls = new Calls();
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
    await this.#calls.begin({
      signal: rest.signal,
      send: (id, signal) =>
        this.#post({
          do: "createClient",
          id,
          options: packFields(withoutSignal(rest, signal)),
          headers: this.#packHeaders(headers),
          signal: signal && { aborted: aborted(id, signal) },
        }),
      abort: (id, signal) => this.#abort(id, signal),
    });
    return this;
  }

  call(method: Method, request: unknown, options: unknown, track: Track): Promise<unknown> {
    return this.#calls.begin({
      signal: signalOf(options),
      track,
      send: (id, signal) => {
        const text = callText(id, method, request, withoutSignal(options, signal));
        this.#post({ do: "call", text, id, aborted: signal && aborted(id, signal) });
        // From here on it may be sent, also if the Worker can say nothing more. It says
        // where it is not, yet.
        track.tell("unknown");
      },
      abort: (id, signal) => this.#abort(id, signal),
    });
  }

  close(options?: { forget: boolean }): Promise<void> {
    return this.#calls.begin({ send: (id) => this.#post({ do: "close", id, options }) });
  }

  unsettled(): Promise<Unsettled[]> {
    return this.#calls.begin({ send: (id) => this.#post({ do: "unsettled", id }) });
  }

  settled(referenceId: string): Promise<unknown> {
    return this.#calls.begin({ send: (id) => this.#post({ do: "settled", id, referenceId }) });
  }

  delivered(referenceId: string): void {
    this.#post({ do: "delivered", referenceId });
  }

  forget(referenceId: unknown): Promise<void> {
    const packed = packFields(referenceId);
    return this.#calls.begin({
      send: (id) => this.#post({ do: "forget", id, referenceId: packed }),
    });
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

  #abort(id: number, signal: AbortSignal): void {
    this.#post({ do: "abort", id, reason: packReason(id, signal) });
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
        this.#calls.resolve(
          message.id,
          "text" in message ? JSON.parse(message.text) : message.value,
        );
        break;
      case "rejected":
        this.#reject(message);
        break;
      case "known":
        this.#calls.trackOf(message.id)?.tell(message.delivery);
        break;
      case "headers":
        this.#answer(message.id);
        break;
      case "ended":
        this.#program.end(message.ending);
        break;
      case "statechange":
        this.#hooks.statechange(message.detail);
        break;
      case "notifications":
        for (let i = 0; i < message.texts.length; i += 2) {
          this.#hooks.notification(message.texts[i] as string, message.texts[i + 1] as string);
        }
    }
  }

  #reject({ id, error, cause }: ToPage & { say: "rejected" }): void {
    if (cause?.of === "signal") {
      error.cause = this.#calls.signalOf(id)?.reason;
    } else if (cause && cause.id === this.#thrown?.id) {
      error.cause = this.#thrown.value;
    }
    this.#calls.reject(id, new OutboundError(error));
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

/** What a signal has fired with, if it has. */
function aborted(id: number, signal: AbortSignal): Thrown | undefined {
  return signal.aborted ? packReason(id, signal) : undefined;
}

function packReason(id: number, { reason }: AbortSignal): Thrown {
  return packThrown(reason, { of: "signal", id });
}

function fields(headers: unknown): [string, string][] {
  return [...new Headers(headers as HeadersInit)];
}
