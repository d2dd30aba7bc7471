import type { LogEntry, OutboundClient, StateChangeDetail } from "./api.js";
import { Headers, hasOwn, keys, NativeMap } from "./builtins.js";
import { Calls, type NewCall } from "./calls.js";
import { OutboundError } from "./error.js";
import { isPromise } from "./given.js";
import { watchPage } from "./page.js";
import type { Port } from "./port.js";
import { leftError, nothingSent, type Program } from "./program.js";
import { Pulse } from "./pulse.js";
import { reasonOf } from "./signal.js";
import { describe, remake } from "./thrown.js";
import { type Fields, type FromPage, type ToPage, toText } from "./wire.js";

/** What a client hears of: called synchronously, must not throw. */
export interface Hooks {
  statechange(detail: StateChangeDetail): void;
  notification(channel: string, data: unknown): void;
  event(subscriptions: readonly number[], channel: string, data: unknown): void;
  gap(reason: string): void;
  log(entry: LogEntry): void;
  /** Gives what the option headers gives. */
  headers(): unknown;
  /** Subscribes to a channel in the page's own session, or ends that. */
  pageSubscribe(channel: string): void;
  pageUnsubscribe(channel: string): void;
}

/** How often a call that is overdue is given more time, where the program answers all the same. */
const mostTimes = 3;

/** How much time that is, in ms: the program may have been frozen, and its own deadlines have a grace. */
const more = 10_000;

/** The page's end of the road to a program: its port, and the calls that are not settled. */
export class Link {
  readonly program: Program;
  readonly host: OutboundClient["host"];
  /** Ends the Worker, or leaves a shared one, if the program runs there; this end has one client only, then. */
  readonly release: () => void;
  readonly #port: Port;
  readonly #calls = new Calls();
  readonly #clients = new NativeMap<number, Hooks>();
  readonly #pulse: Pulse;
  #lastClient = 0;
  #left = false;
  #cookies = "";
  /** What a function for headers threw last, by the question. */
  #thrown: { id: number; value: unknown } | undefined;

  /** `mayVanish` says that the program may be gone without a word, also while nothing is pending. */
  constructor(
    port: Port,
    program: Program,
    host: OutboundClient["host"],
    release = () => {},
    mayVanish = () => false,
  ) {
    this.#port = port;
    this.program = program;
    this.host = host;
    this.release = release;
    this.#pulse = new Pulse(
      () => this.send({ kind: "ping", id: 0 }),
      () => program.end({ reason: "does not answer" }),
      () => !program.ended && (this.#calls.size > 0 || mayVanish()),
      () => {
        if (this.#calls.extend(more) > mostTimes) {
          program.end({ reason: "has not settled a call in time" });
        }
      },
    );
    port.onmessages = (messages) => {
      for (const message of messages) {
        this.#handle(message);
      }
    };
    const unwatch = watchPage(this);
    program.onEnd(() => {
      unwatch();
      this.#pulse.stop();
      this.#calls.rejectAll((known) => program.error(known));
    });
    this.#pulse.start();
  }

  /** Adds a client; returns its number. */
  add(hooks: Hooks): number {
    this.#clients.set(++this.#lastClient, hooks);
    return this.#lastClient;
  }

  remove(client: number): void {
    this.#clients.delete(client);
  }

  /**
   * Says that the page goes away for good. Where others outlive it, as when a frame is removed, its calls have ended
   * ({@link unlessLeft}). The program is not told of that, so that a journal keeps them.
   */
  leave(outlived: boolean): void {
    this.send({ kind: "leave" });
    if (outlived) {
      this.#left = true;
      this.#pulse.stop();
      const { message: reason } = leftError(nothingSent());
      for (const client of [...this.#clients.values()]) {
        client.statechange({ state: "closed", transport: null, reason });
      }
    }
  }

  send(message: FromPage): void {
    if (!this.program.ended && !this.#left) {
      this.#port.send(toText(message));
    }
  }

  /** Begins a call: `message` makes it of its number. It settles whatever becomes of the program. */
  async call(
    begin: Omit<NewCall, "send" | "abort">,
    message: (id: number, aborted: boolean) => FromPage,
  ): Promise<unknown> {
    if (this.program.ended) {
      throw this.program.error(begin.known);
    }
    return this.#calls.begin({
      ...begin,
      send: (id, aborted) => {
        this.send(message(id, aborted));
        this.#pulse.start();
      },
      abort: (id) => this.send({ kind: "abort", id }),
    });
  }

  /** Tells the program of the cookies that the page sees, so that it repeats none. Signing in may have brought another. */
  tellCookies(): void {
    const cookies = visibleCookies();
    if (cookies !== this.#cookies) {
      this.#cookies = cookies;
      this.send({ kind: "cookies", cookies });
    }
  }

  #handle(message: ToPage): void {
    switch (message.kind) {
      case "resolved":
        this.#calls.get(message.id)?.resolve(message.value);
        break;
      case "rejected":
        this.#reject(message);
        break;
      case "known": {
        const known = this.#calls.get(message.id)?.known;
        if (known) {
          known.delivery = message.delivery;
        }
        break;
      }
      case "status":
        this.tellCookies();
        this.#clients.get(message.client)?.statechange(detailOf(message));
        break;
      case "notification":
        this.#clients.get(message.client)?.notification(message.channel, message.data);
        break;
      case "event": {
        const { client, subscriptions, channel, data } = message;
        this.#clients.get(client)?.event(subscriptions, channel, data);
        break;
      }
      case "gap":
        this.#clients.get(message.client)?.gap(message.reason);
        break;
      case "log":
        this.#clients.get(message.client)?.log(message.entry);
        break;
      case "headers":
        this.#answer(message);
        break;
      case "pageSubscribe":
        this.#clients.get(message.client)?.pageSubscribe(message.channel);
        break;
      case "pageUnsubscribe":
        this.#clients.get(message.client)?.pageUnsubscribe(message.channel);
        break;
      case "pong":
        this.#pulse.beat();
    }
  }

  #reject({ id, error }: ToPage & { kind: "rejected" }): void {
    const call = this.#calls.get(id);
    const { cause: kept, ...init } = { __proto__: null, ...error };
    let cause: unknown;
    if (kept?.of === "signal") {
      cause = call?.signal && reasonOf(call.signal);
    } else if (kept?.of === "headers") {
      cause = kept.id === this.#thrown?.id ? this.#thrown.value : undefined;
    } else if (kept) {
      cause = remake(kept);
    }
    call?.reject(new OutboundError({ ...init, cause }));
  }

  async #answer({ id, client }: ToPage & { kind: "headers" }): Promise<void> {
    try {
      const given = await this.#clients.get(client)?.headers();
      this.send({ kind: "headers", id, fields: given == null ? null : readHeaders(given) });
    } catch (value) {
      this.#thrown = { id, value };
      this.send({ kind: "headers", id, fields: null, failed: describe(value) });
    }
  }
}

function visibleCookies(): string {
  try {
    return globalThis.document?.cookie ?? "";
  } catch {
    return ""; // a document without an origin, such as in a sandboxed iframe
  }
}

function detailOf(message: ToPage & { kind: "status" }): StateChangeDetail {
  const { state } = message;
  const detail: StateChangeDetail = {
    state,
    transport: hasOwn(message, "transport") ? (message.transport as never) : null,
  };
  if (hasOwn(message, "reason")) {
    detail.reason = message.reason as string;
  }
  if (hasOwn(message, "retryIn")) {
    detail.retryIn = message.retryIn as number;
  }
  return detail;
}

/** How many characters header fields have together at most: no server takes so many. */
const mostHeaders = 1_000_000;

/** Lets the browser check and read header fields. What it says of a wrong one may quote it, and is not passed on. */
export function readHeaders(given: unknown): Fields {
  const headers = new Headers();
  let left = mostHeaders;
  for (const [name, value] of pairs(given)) {
    left -= name.length + value.length;
    if (left < 0) {
      throw new TypeError(`they have more than ${mostHeaders} characters together`);
    }
    try {
      headers.append(name, value);
    } catch {
      const which = isToken(name) ? `the value of ${name}` : "the name of a field";
      throw new TypeError(`${which} is none that a header can have`);
    }
  }
  const fields: { [name: string]: string } = { __proto__: null } as never;
  for (const [name, value] of headers) {
    fields[name] = value;
  }
  return fields;
}

/** Reads what the caller gave as fetch does: pairs, Headers among them, or the properties of an object. */
function pairs(given: unknown): [name: string, value: string][] {
  const list: [string, string][] = [];
  if (typeof given !== "object" || given === null) {
    throw new TypeError("header fields are an object, Headers, or a list of pairs");
  }
  if (isPromise(given)) {
    throw new TypeError("a Promise has no header fields: await it, or give a function");
  }
  if ((given as Iterable<unknown>)[Symbol.iterator] === undefined) {
    for (const name of keys(given)) {
      list[list.length] = [name, textOf(name, (given as Fields)[name])];
    }
    return list;
  }
  for (const pair of given as Iterable<Iterable<unknown>>) {
    const [name, value, ...others] = typeof pair === "object" ? pair : [];
    if (value === undefined || others.length > 0) {
      throw new TypeError("a header field is a pair of a name and a value");
    }
    list[list.length] = [`${name}`, textOf(`${name}`, value)];
  }
  return list;
}

function textOf(name: string, value: unknown): string {
  if (isPromise(value)) {
    throw new TypeError(`the value of ${isToken(name) ? name : "a field"} is a Promise: await it`);
  }
  return `${value}`;
}

function isToken(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(name);
}
