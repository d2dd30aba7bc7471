// Runs the Go program in a dedicated Worker, for one client of the page that
// started it. Its other half is worker-host.ts.

import type { Delivery, OutboundErrorInit } from "./error.js";
import type { Begin, Headers, Signal, ToPage, ToWorker } from "./messages.js";
import { StandIn, unpack, unpackThrown } from "./pack.js";
import type { Program } from "./program.js";
import type { GoCore, GoHandle, GoOptions, Outcomes } from "./protocol.js";
import { run } from "./run.js";

addEventListener("message", ({ data }) => serve(data), { once: true });
addEventListener("messageerror", () => {
  throw new Error("the compiled module cannot be passed to a Worker here");
});

async function serve({ module, port, life }: Begin): Promise<void> {
  await hold(life);
  const server = new Server(port);
  try {
    server.start(await run(module, server));
  } catch (error) {
    const { message, cause } = error as OutboundErrorInit;
    send(port, { say: "unfit", error: { ...(error as OutboundErrorInit), message, cause } });
  }
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

/** Notifications that go in one message. */
const mostTogether = 100;

class Server implements Outcomes {
  readonly #port: MessagePort;
  #program!: Program;
  #core!: GoCore;
  #handle!: GoHandle;
  readonly #signals = new Map<number, AbortController>();
  readonly #calls = new Map<number, Knowledge>();
  readonly #waits = new Set<Promise<void>>(); // of what clients before this one have left
  readonly #questions = new Map<number, PromiseWithResolvers>();
  #notices: string[] = []; // that wait to be sent: of each the channel, and its data
  #asked = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  start({ program, core }: { program: Program; core: GoCore }): void {
    this.#program = program;
    this.#core = core;
    program.onEnd((ending) => {
      this.#flush();
      for (const [id, call] of this.#calls) {
        this.#tell(id, call);
      }
      send(this.#port, { say: "ended", ending });
      this.#port.close();
    });
    this.#port.onmessage = ({ data }) => this.#take(data);
    this.#post({ say: "ready" });
  }

  #take(message: ToWorker): void {
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
        this.#wait(message.id, () => this.#handle.unsettled());
        break;
      case "settled":
        this.#wait(message.id, () => this.#handle.settled(message.referenceId));
        break;
      case "delivered":
        this.#handle.delivered(message.referenceId);
        break;
      case "forget":
        this.#wait(message.id, () => this.#handle.forget(unpack(message.referenceId)));
        break;
      case "abort":
        this.#abort(message);
        break;
      case "headers":
        this.#answer(message);
        break;
      default:
        this.#handle[message.do]();
    }
  }

  #call({ id, text, aborted }: ToWorker & { do: "call" }): void {
    const call: Knowledge = { delivery: "not-sent", page: "unknown" };
    this.#calls.set(id, call);
    this.#handle.call(text, ...(aborted ? [unpackThrown(aborted)] : []));
    if (this.#calls.has(id) && call.delivery === "not-sent") {
      this.#tell(id, call); // it waits for a session
    }
  }

  /** As #settle, for what has to be told before the Worker is ended. */
  async #wait(id: number, call: () => Promise<unknown>): Promise<void> {
    const settled = this.#settle(id, call);
    this.#waits.add(settled);
    await settled;
    this.#waits.delete(settled);
  }

  // The page ends the Worker after this: who waits must have got the answer.
  async #close(options: { forget: boolean } | undefined): Promise<void> {
    await this.#handle.close(options);
    await Promise.all(this.#waits);
  }

  #abort({ id, reason }: ToWorker & { do: "abort" }): void {
    if (this.#calls.has(id)) {
      this.#handle.abort(id, unpackThrown(reason));
    } else {
      this.#signals.get(id)?.abort(unpackThrown(reason));
    }
  }

  readonly makeError = (init: OutboundErrorInit) => init;

  readonly resolved = (id: number, text: string) => {
    this.#calls.delete(id);
    this.#post({ say: "resolved", id, text });
  };

  readonly rejected = (id: number, thrown: unknown) => {
    this.#calls.delete(id);
    const { cause, ...error } = thrown as OutboundErrorInit;
    if (cause instanceof StandIn) {
      this.#post({ say: "rejected", id, error, cause: cause.at });
    } else {
      this.#flush();
      send(this.#port, { say: "rejected", id, error: { ...error, cause } });
    }
  };

  readonly known = (id: number, delivery: Delivery) => {
    const call = this.#calls.get(id);
    if (!call) {
      return;
    }
    call.delivery = delivery;
    if (call.page === "not-sent") {
      this.#tell(id, call); // before it leaves
    }
  };

  /** Tells the page what is known of a call, if that takes it for something else. */
  #tell(id: number, call: Knowledge): void {
    if (call.page !== call.delivery) {
      call.page = call.delivery;
      this.#post({ say: "known", id, delivery: call.delivery });
    }
  }

  /** Tells the page what becomes of a promise. Of the program's end it learns otherwise. */
  async #settle(id: number, call: () => Promise<unknown>): Promise<void> {
    try {
      const value = await call();
      if (!this.#program.ended) {
        this.#post({ say: "resolved", id, value });
      }
    } catch (thrown) {
      this.rejected(id, thrown);
    } finally {
      this.#signals.delete(id);
    }
  }

  async #create(message: ToWorker & { do: "createClient" }): Promise<void> {
    const options = this.#withSignal(message, unpack(message.options)) as GoOptions;
    this.#handle = await this.#core.createClient(
      { ...options, ...this.#headers(message.headers) },
      {
        statechange: (detail) => this.#post({ say: "statechange", detail }),
        notification: (channel, data) => this.#notify(channel, data),
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

  /** Notifications of one frame go together, in parts that take the page a few ms at most. */
  #notify(channel: string, data: string): void {
    const length = this.#notices.push(channel, data);
    if (length === 2) {
      queueMicrotask(() => this.#flush());
    } else if (length === 2 * mostTogether) {
      this.#flush();
    }
  }

  /** Before any other message, so that the page hears of all in the order in which it came. */
  #flush(): void {
    if (this.#notices.length > 0) {
      const texts = this.#notices;
      this.#notices = [];
      this.#port.postMessage({ say: "notifications", texts } satisfies ToPage);
    }
  }

  #post(message: ToPage): void {
    this.#flush();
    this.#port.postMessage(message);
  }
}

/** What is known of a call, and what the page takes for true: at first that it may be sent. */
interface Knowledge {
  delivery: Delivery;
  page: Delivery;
}

interface PromiseWithResolvers {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}
