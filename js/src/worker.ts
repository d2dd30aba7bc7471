// Runs the Go program in a dedicated Worker, for one client of the page that
// started it. Its other half is worker-host.ts.

import type { OutboundErrorInit } from "./error.js";
import type { Begin, Headers, Signal, ToPage, ToWorker } from "./messages.js";
import { StandIn, unpack, unpackThrown } from "./pack.js";
import type { Program } from "./program.js";
import { type GoOptions, type Handle, type Known, Track } from "./protocol.js";
import { run } from "./run.js";

addEventListener("message", ({ data }) => serve(data), { once: true });
addEventListener("messageerror", () => {
  throw new Error("the compiled module cannot be passed to a Worker here");
});

async function serve({ module, port, life }: Begin): Promise<void> {
  await hold(life);
  const post = (message: ToPage) => port.postMessage(message);
  let program: Program;
  try {
    program = await run(module, (init) => init);
  } catch (error) {
    const { message, cause } = error as OutboundErrorInit;
    send(port, { say: "unfit", error: { ...(error as OutboundErrorInit), message, cause } });
    return;
  }
  const server = new Server(program, port);
  program.onEnd((ending) => {
    server.tellAll();
    send(port, { say: "ended", ending });
    port.close();
  });
  port.onmessage = ({ data }) => server.take(data);
  post({ say: "ready" });
}

// The page waits for this lock: it gets it when this Worker is no more,
// whatever ended it. There is no other sign of that in a browser.
function hold(life: string): Promise<unknown> {
  return new Promise((taken) => {
    const forever = () => {
      taken(undefined);
      return new Promise(() => {});
    };
    (navigator.locks?.request(life, forever) ?? Promise.resolve()).catch(() => {}).then(taken);
  });
}

/** Sends what may have a cause that cannot be cloned: then its text goes in its place. */
function send(port: MessagePort, message: ToPage): void {
  try {
    port.postMessage(message);
  } catch {
    const withText = <T extends { cause?: unknown }>(it: T) => ({ ...it, cause: String(it.cause) });
    if (message.say === "ended") {
      port.postMessage({ ...message, ending: withText(message.ending) });
    } else if ("error" in message) {
      port.postMessage({ ...message, error: withText(message.error) });
    }
  }
}

class Server {
  readonly #program: Program;
  readonly #port: MessagePort;
  #handle!: Handle;
  readonly #signals = new Map<number, AbortController>();
  readonly #calls = new Set<Promise<unknown>>();
  readonly #tracks = new Set<RemoteTrack>();
  readonly #questions = new Map<number, PromiseWithResolvers>();
  #asked = 0;

  constructor(program: Program, port: MessagePort) {
    this.#program = program;
    this.#port = port;
  }

  take(message: ToWorker): void {
    switch (message.do) {
      case "createClient":
        this.#settle(message.id, () => this.#create(message));
        break;
      case "call":
        this.#call(message);
        break;
      case "close":
        this.#settle(message.id, () => this.#close(message.options));
        break;
      case "unsettled":
        this.#settle(message.id, () => this.#handle.unsettled());
        break;
      case "settled":
        this.#wait(message);
        break;
      case "told":
        this.#handle.told(message.referenceId);
        break;
      case "forget":
        this.#settle(message.id, () => this.#handle.forget(unpack(message.referenceId)));
        break;
      case "abort":
        this.#signals.get(message.id)?.abort(unpackThrown(message.reason));
        break;
      case "headers":
        this.#answer(message);
        break;
      default:
        this.#handle[message.do]();
    }
  }

  async #call(message: ToWorker & { do: "call" }): Promise<void> {
    const track = new RemoteTrack((known) => this.#post({ say: "track", id: message.id, known }));
    this.#tracks.add(track); // first, for the program may end within the call
    const settled = this.#settle(message.id, () =>
      this.#handle.call(
        message.method,
        unpack(message.request),
        this.#withSignal(message, unpack(message.options)),
        track,
      ),
    );
    this.#calls.add(settled);
    await settled;
    track.settled();
    this.#tracks.delete(track);
    this.#calls.delete(settled);
  }

  async #wait({ id, referenceId }: ToWorker & { do: "settled" }): Promise<void> {
    const settled = this.#settle(id, () => this.#handle.settled(referenceId));
    this.#calls.add(settled);
    await settled;
    this.#calls.delete(settled);
  }

  // The page ends the Worker after this: what was pending must have got its answer.
  async #close(options: { forget: boolean } | undefined): Promise<void> {
    await this.#handle.close(options);
    await Promise.all(this.#calls);
  }

  /** Tells what is known of all calls, for the program has ended. */
  tellAll(): void {
    for (const track of this.#tracks) {
      track.tellNow();
    }
  }

  /** Tells the page what becomes of a call. Of the program's end it learns otherwise. */
  async #settle(id: number, call: () => Promise<unknown>): Promise<void> {
    try {
      const value = await call();
      if (!this.#program.ended) {
        this.#post({ say: "resolved", id, value });
      }
    } catch (thrown) {
      const { cause, ...error } = thrown as OutboundErrorInit;
      if (cause instanceof StandIn) {
        this.#post({ say: "rejected", id, error, cause: cause.at });
      } else {
        send(this.#port, { say: "rejected", id, error: { ...error, cause } });
      }
    } finally {
      this.#signals.delete(id);
    }
  }

  async #create(message: ToWorker & { do: "createClient" }): Promise<void> {
    const options = this.#withSignal(message, unpack(message.options)) as GoOptions;
    this.#handle = await this.#program.core.createClient(
      { ...options, ...this.#headers(message.headers) },
      {
        statechange: (detail) => this.#post({ say: "statechange", detail }),
        notification: (detail) => this.#post({ say: "notification", detail }),
      },
    );
  }

  #withSignal(message: { id: number; signal: Signal }, options: unknown): GoOptions {
    if (!message.signal) {
      return options as GoOptions;
    }
    const controller = new AbortController();
    this.#signals.set(message.id, controller);
    if (message.signal.aborted) {
      controller.abort(unpackThrown(message.signal.aborted));
    }
    return { ...(options as GoOptions), signal: controller.signal };
  }

  #headers(headers: Headers): GoOptions {
    if (headers === undefined) {
      return {};
    }
    if (headers === "ask") {
      return { headers: () => this.#ask() };
    }
    if ("fields" in headers) {
      return { headers: headers.fields };
    }
    // The program refuses it with these words, among all that it refuses.
    const refused = unpackThrown(headers.refused);
    return {
      headers: {
        get refused(): string {
          throw refused;
        },
      },
    };
  }

  #ask(): Promise<[string, string][]> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      this.#post({ say: "headers", id });
    });
  }

  #answer(message: ToWorker & { do: "headers" }): void {
    const question = this.#questions.get(message.id);
    this.#questions.delete(message.id);
    if ("thrown" in message) {
      question?.reject(unpackThrown(message.thrown));
    } else {
      question?.resolve(message.fields);
    }
  }

  #post(message: ToPage): void {
    this.#port.postMessage(message);
  }
}

/**
 * Tells the page what is known, as far as that differs from what it takes for
 * true by itself. That a request may have left is told before it leaves. What is known after
 * that is told a little later, for most often the call is settled by then: until
 * then the page knows less, but nothing wrong.
 */
class RemoteTrack extends Track {
  readonly #post: (known: Known) => void;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(post: (known: Known) => void) {
    super();
    this.#post = post;
  }

  override tell(...known: Parameters<Track["tell"]>): void {
    super.tell(...known);
    clearTimeout(this.#later);
    if (this.known.delivery === "unknown") {
      this.tellNow();
    } else if (this.known.delivery !== "not-sent") {
      this.#later = setTimeout(() => this.tellNow());
    }
  }

  tellNow(): void {
    this.#post(this.known);
  }

  settled(): void {
    clearTimeout(this.#later);
  }
}

interface PromiseWithResolvers {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}
