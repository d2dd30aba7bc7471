import { AdoptedSession, cometdOption } from "./adopted.js";
import type { ClientStats, CometDLike, StateChangeDetail } from "./api.js";
import { hasOwn } from "./builtins.js";
import { OutboundError } from "./error.js";
import { type Given, given } from "./given.js";
import { type Hooks, type Link, readHeaders } from "./link.js";
import { writeLog } from "./log.js";
import type { OutboundOperations } from "./operations.js";
import { defaults } from "./options.js";
import { type Known, nothingSent } from "./program.js";
import { newReference } from "./reference.js";
import type { SignIn } from "./sign-in.js";
import { signalOf, withoutSignal } from "./signal.js";
import { describe } from "./thrown.js";
import { pageOrigin } from "./url.js";
import type { CometDOption, HeadersOption } from "./wire.js";

/** The name of an operation's method. */
export type Method = keyof OutboundOperations;

/** The options of a client without those of the loader, as they were passed, and what the loader adds. */
export type Options = { readonly [name: string]: unknown };

/** An unsettled call, as Go lists it. */
export interface ListedCall {
  method: Method;
  request: unknown;
  referenceId: string;
  delivery: Known["delivery"];
  answered: boolean;
  /** Milliseconds since 1970, as the next one. */
  sentAt: number;
  answerableUntil: number | null;
}

/**
 * How much longer than its own time limits a call in Go may take, in ms, before the program is asked whether
 * it lives: the limits have a grace of 2 s each where the page was frozen, closing a session takes 2 s at most, and
 * a write to the journal some.
 */
const margin = 15_000;

const unforgotten =
  "the client was closed before, and nothing was forgotten: close({ forget: true }) of a new client forgets it";

/** A client in the Go program, and how to end it. It does not know the page's own, which may be collected. */
export class RemoteClient {
  readonly link: Link;
  readonly #number: number;
  readonly #off: () => void;
  readonly #connectTimeout: number;
  readonly #ackTimeout: number;
  readonly #journal: boolean;
  readonly #options: Options;
  /** What the option has given already, for the first time that it is asked. */
  #headers: Promise<unknown> | undefined;
  /** The option cometd: of use, if there is a session to be adopted. */
  readonly #cometd: CometDOption;
  readonly #adopted: AdoptedSession | undefined;
  #connected = false;
  #closing: Promise<void> | undefined;
  /** Whether it was closed with `forget`. */
  #forgotten = false;
  #closed = false;

  /** `ended` is called at the end of the program. */
  constructor(
    link: Link,
    options: Options,
    hooks: Omit<Hooks, "log" | "headers" | "pageSubscribe" | "pageUnsubscribe">,
    ended: () => void,
  ) {
    this.link = link;
    this.#options = options;
    this.#connectTimeout = milliseconds(options.connectTimeout, defaults.connectTimeout);
    this.#ackTimeout = milliseconds(options.ackTimeout, defaults.ackTimeout);
    this.#journal = options.journal === true;
    this.#number = link.add({
      ...hooks,
      statechange: (detail: StateChangeDetail) => {
        this.#connected = detail.state === "connected";
        if (detail.state === "closed") {
          this.#adopted?.release();
        }
        hooks.statechange(detail);
      },
      log: (entry) => writeLog(options.log, entry),
      headers: () => {
        const first = this.#headers;
        this.#headers = undefined;
        return first ?? (options.headers as () => unknown)();
      },
      pageSubscribe: (channel) => this.#adopted?.subscribe(channel),
      pageUnsubscribe: (channel) => this.#adopted?.unsubscribe(channel),
    });
    this.#cometd = cometdOption(options.cometd);
    if (this.#cometd && "adopted" in this.#cometd) {
      const client = this.#number;
      const cometd = options.cometd as CometDLike;
      this.#adopted = new AdoptedSession(cometd, options.maxMessageSize, (message) =>
        link.send({ ...message, client }),
      );
    }
    this.#off = link.program.onEnd(() => {
      this.#adopted?.release();
      ended();
    });
  }

  /** Connects it; the page may have begun to sign in. Nothing of it is left where that fails. */
  async create(
    options: Given,
    headers: HeadersOption,
    signedIn: SignIn | undefined,
    firstTransport: string | undefined,
  ): Promise<void> {
    this.#headers = signedIn?.headers;
    const { log, signal } = this.#options;
    const limit = this.#connectTimeout + margin;
    this.link.tellCookies();
    signedIn?.me().then((me) => this.link.send({ kind: "me", client: this.#number, ...me }));
    try {
      const created = this.link.call({ known: nothingSent(), signal, limit }, (id, aborted) => ({
        kind: "createClient",
        id,
        client: this.#number,
        options,
        headers,
        asksMe: signedIn !== undefined,
        cometd: this.#cometd,
        firstTransport,
        share: this.link.host === "shared-worker",
        log: typeof log === "function",
        aborted,
      }));
      this.#adopted?.start();
      await created;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** Whether it was closed, and all of that is over. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Performs an operation. */
  call(method: Method, request: unknown, options: unknown, known: Known): Promise<unknown> {
    const signal = signalOf(options);
    const limit =
      this.#connectTimeout + milliseconds(ackTimeoutOf(options), this.#ackTimeout) + margin;
    return this.link.call({ known, signal, limit }, (id, aborted) => {
      // From here on it may be sent, also if the program can say nothing more: but where it has something
      // to wait for first, it says so before it sends it.
      known.delivery = this.#connected && !this.#journal ? "unknown" : "not-sent";
      const reference = newReference();
      known.referenceId ??= reference;
      return {
        kind: "call",
        id,
        client: this.#number,
        method,
        request: given(request),
        options: given(withoutSignal(options, signal)),
        reference,
        delivery: known.delivery,
        aborted,
      };
    });
  }

  async stats(): Promise<ClientStats> {
    const begin = { known: nothingSent(), limit: margin };
    const stats = await this.link.call(begin, (id) => ({
      kind: "stats",
      id,
      client: this.#number,
    }));
    return stats as ClientStats;
  }

  async unsettled(): Promise<ListedCall[]> {
    const begin = { known: nothingSent(), limit: margin };
    const list = await this.link.call(begin, (id) => ({
      kind: "unsettled",
      id,
      client: this.#number,
    }));
    return list as ListedCall[];
  }

  /** Settles as an unsettled call does, for which there is no deadline. */
  settled(referenceId: string, known: Known): Promise<unknown> {
    return this.link.call({ known }, (id) => ({
      kind: "settled",
      id,
      client: this.#number,
      referenceId,
    }));
  }

  /** Says that the caller has got what a call, or `settled`, came to. */
  delivered(referenceId: string): void {
    if (!this.#closed) {
      this.link.send({ kind: "delivered", client: this.#number, referenceId });
    }
  }

  async forget(referenceId: unknown): Promise<void> {
    await this.link.call({ known: nothingSent(), limit: margin }, (id) => ({
      kind: "forget",
      id,
      client: this.#number,
      referenceId: given(referenceId),
    }));
  }

  /** Subscribes to a channel; `begun` is called with the number of the subscription before it can have an event. */
  async subscribe(
    channel: unknown,
    listener: unknown,
    begun: (subscription: number) => void,
  ): Promise<void> {
    const begin = { known: nothingSent(), limit: this.#connectTimeout + margin };
    await this.link.call(begin, (id) => {
      begun(id);
      return {
        kind: "subscribe",
        id,
        client: this.#number,
        channel: given(channel),
        listener: given(listener),
      };
    });
  }

  /** Ends a subscription: whatever becomes of the program meanwhile, it is ended. */
  async unsubscribe(subscription: number): Promise<void> {
    const begin = { known: nothingSent(), limit: margin };
    try {
      await this.link.call(begin, (id) => ({
        kind: "unsubscribe",
        id,
        client: this.#number,
        subscription,
      }));
    } catch {
      // The client is closed, or the program has ended.
    }
  }

  /** Asks for the notifications, which are left out before. */
  listen(): void {
    this.link.send({ kind: "listen", client: this.#number, since: Date.now() });
  }

  /** Closes it, and ends its Worker if it has one. Wrong options are refused, and close nothing. */
  async close(options?: unknown): Promise<void> {
    for (let joined = this.#closing; joined; joined = this.#closing) {
      try {
        await joined;
        if (forgets(options) && !this.#forgotten) {
          throw new OutboundError({ code: "CLOSED", message: unforgotten, delivery: "not-sent" });
        }
        return;
      } catch (error) {
        if (this.#closed) {
          throw error;
        } // The options of whoever began it were wrong: they are not this caller's.
      }
    }
    this.#forgotten = forgets(options);
    const closing = this.#close(options);
    this.#closing = closing;
    try {
      await closing;
    } finally {
      if (!this.#closed) {
        this.#closing = undefined;
      }
    }
  }

  async #close(options: unknown): Promise<void> {
    const { program } = this.link;
    // A program that has ended took the session with it: nothing is left to do, but to forget.
    if (!program.ended || forgets(options)) {
      const begin = { known: nothingSent(), limit: margin };
      try {
        await this.link.call(begin, (id) => ({
          kind: "close",
          id,
          client: this.#number,
          options: given(options),
        }));
      } catch (error) {
        if ((error as OutboundError).code === "INVALID_REQUEST") {
          throw error; // nothing was closed
        }
        if (forgets(options)) {
          this.#end();
          throw error;
        }
      }
    }
    this.#end();
  }

  #end(): void {
    this.#closed = true;
    this.#adopted?.release();
    this.#off();
    this.link.remove(this.#number);
    this.link.release();
  }

  /** The error of a call over a client that is closed. */
  static closedError(known: Known): OutboundError {
    return new OutboundError({ code: "CLOSED", message: "the client was closed", ...known });
  }
}

/** An option that is a time limit. A wrong one is refused by the program. */
function milliseconds(value: unknown, byDefault: number): number {
  return typeof value === "number" && value > 0 && value <= 86_400_000 ? value : byDefault;
}

function ackTimeoutOf(options: unknown): unknown {
  return typeof options === "object" && options !== null && hasOwn(options, "ackTimeout")
    ? (options as { ackTimeout: unknown }).ackTimeout
    : undefined;
}

function forgets(options: unknown): boolean {
  return (options as { forget?: unknown } | undefined)?.forget === true;
}

/** Writes the options as they are now: the caller may change the arrays among them while the module is loading. */
export function optionsOf({ headers: _, cometd: __, log, ...rest }: Options): Given {
  // In a Worker, location is that of its script.
  const baseUrl = rest.baseUrl ?? pageOrigin();
  const options = { ...rest, ...(typeof log !== "function" && { log }), baseUrl };
  return given(withoutSignal(options, rest.signal));
}

/** Reads the option headers, which is done once: an iterator gives its pairs only once. */
export function headersOf(headers: unknown): HeadersOption {
  if (typeof headers === "function") {
    return { ask: true };
  }
  if (headers === undefined || headers === null) {
    return null;
  }
  try {
    return { fields: readHeaders(headers) };
  } catch (thrown) {
    return { refused: describe(thrown) };
  }
}
