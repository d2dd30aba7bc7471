// The messages between a page and the Go program, all of them text. The same kinds are in
// internal/wire, each beside its name here. What no text can hold stays where it is, and goes by number: the
// reason of a caller's signal by that of the call, what a function for headers threw by that of the question.
// The compiled module goes to a Worker before the first message, and HTTP requests do not pass here: see request.ts.

import type { ClientState, LogEntry, Transport } from "./api.js";
import { parse } from "./builtins.js";
import type { Delivery, OutboundErrorInit } from "./error.js";
import type { ErrorCode } from "./error-codes.js";
import type { Given } from "./given.js";
import { type Json, write } from "./json.js";
import type { Method } from "./remote-client.js";

/** What the page says. A call has an `id`, which what is about it names; `client` is the page's number of a client. */
export type FromPage =
  | {
      kind: "createClient";
      id: number;
      client: number;
      options: Given;
      headers: HeadersOption;
      /** The page has asked the server who is signed in: `me` follows. */
      asksMe: boolean;
      cometd: CometDOption;
      /** Over which transport the server was reached last, if that is known: see transport-memory.ts. It may be anything. */
      firstTransport?: string | undefined;
      /** Other pages may use it as well, where their options are the same. */
      share: boolean;
      /** The page takes the lines of the log: see `log` below. */
      log: boolean;
      aborted: boolean;
    }
  | {
      kind: "call";
      id: number;
      client: number;
      method: Method;
      request: Given;
      options: Given;
      /** That the request has if its caller gave none. */
      reference: string;
      /** What the page takes the delivery for, until it hears of another. */
      delivery: Delivery;
      aborted: boolean;
    }
  | { kind: "close"; id: number; client: number; options: Given }
  | { kind: "stats"; id: number; client: number }
  | { kind: "unsettled"; id: number; client: number }
  | { kind: "settled"; id: number; client: number; referenceId: string }
  | { kind: "forget"; id: number; client: number; referenceId: Given }
  | { kind: "abort"; id: number }
  /** Answers the question of that id. */
  | { kind: "headers"; id: number; fields: Fields | null; failed?: string }
  /** What the server has answered to `GET /api/v2/me`; the status is 0 where that is of no use. */
  | ({ kind: "me"; client: number } & Me)
  /** What document.cookie has: no text is to repeat it. */
  | { kind: "cookies"; cookies: string }
  /** The caller has got what a call, or `settled`, came to. */
  | { kind: "delivered"; client: number; referenceId: string }
  /** `since` is when the page began to listen, in milliseconds since 1970. */
  | { kind: "listen"; client: number; since: number }
  /** Its number is the subscription's from then on. */
  | { kind: "subscribe"; id: number; client: number; channel: Given; listener: Given }
  | { kind: "unsubscribe"; id: number; client: number; subscription: number }
  /** What has become of the page's own session. */
  | { kind: "pageSession"; client: number; session: PageSession }
  /** What has come of a `pageSubscribe`: the server has granted it, or has refused it, or something has kept it from being heard. */
  | { kind: "pageSubscribed"; client: number; channel: string; refused?: string; failed?: string }
  /** An event on a channel or pattern of a `pageSubscribe`, or why it cannot be written. */
  | {
      kind: "pageEvent";
      client: number;
      subscription: string;
      channel: string;
      data: Json | null;
      failed?: string;
    }
  | { kind: "wake" }
  | { kind: "seen" }
  /** The page is frozen, or about to be, until `wake` or `seen`. */
  | { kind: "away" }
  | { kind: "leave" }
  /** There is no page any more. */
  | { kind: "gone" }
  | { kind: "ping"; id: number };

/** The option headers: a function stays on the page, and is asked. */
export type HeadersOption =
  | { ask: true }
  | { fields: Fields }
  /** Why the browser does not take it. */
  | { refused: string }
  | null;

/** The option cometd: the object stays on the page, which says what it comes to. */
export type CometDOption =
  | { adopted: true }
  /** Why it is of no use. */
  | { refused: string }
  | null;

/** The fields of bayeux.OwnerStatus; what is not known is not there. */
export type PageSession = {
  readonly up: boolean;
  readonly number: number;
  readonly clientId?: string | undefined;
  readonly transport?: Transport | undefined;
  readonly unacknowledged?: boolean | undefined;
  readonly handshakeRefused?: string | undefined;
  readonly connectRefused?: string | undefined;
  readonly reason?: string | undefined;
};

/** An answer to `GET /api/v2/me`: each character of `body` is a byte, and `took` are milliseconds. */
export type Me = { status: number; took: number; fields: Fields; body: string } | { status: 0 };

/** Names and values of header fields. */
export type Fields = { readonly [name: string]: string };

/** What the Go program says. */
export type ToPage =
  | { kind: "resolved"; id: number; value: unknown }
  | { kind: "rejected"; id: number; error: Omit<OutboundErrorInit, "cause"> & { cause?: Cause } }
  | { kind: "known"; id: number; delivery: Delivery }
  | {
      kind: "status";
      client: number;
      state: ClientState;
      transport?: Transport;
      reason?: string;
      retryIn?: number;
    }
  | { kind: "notification"; client: number; channel: string; data: unknown }
  | {
      kind: "event";
      client: number;
      subscriptions: readonly number[];
      channel: string;
      data: unknown;
    }
  | { kind: "gap"; client: number; reason: string }
  | { kind: "log"; client: number; entry: LogEntry }
  /** Asks for what the option headers gives. */
  | { kind: "headers"; id: number; client: number }
  /** Asks to subscribe to a channel in the page's own session, and in each that follows; and to end that. */
  | { kind: "pageSubscribe"; client: number; channel: string }
  | { kind: "pageUnsubscribe"; client: number; channel: string }
  | { kind: "pong"; id: number };

/** The cause of an error: what the page has itself, or the name and the message of what the browser threw. */
export type Cause =
  | { of: "signal" }
  | { of: "headers"; id: number }
  | { of: "browser"; name: string; message: string };

/** What worker.js says beside the Go program, which is not there yet, or not any more. */
export type FromWorker =
  /** It runs. Whether it holds the lock by which the page learns of its end, and of which build it is. */
  | { kind: "starting"; locked: boolean; build: string }
  /** The module is being loaded. It is said again and again. */
  | { kind: "loading" }
  | { kind: "ready" }
  /** There is no program to run: the code and the message of an OutboundError. */
  | {
      kind: "unfit";
      code: ErrorCode;
      message: string;
      cause: { name: string; message: string } | null;
    }
  /** The program has ended: words that follow "the WebAssembly program". */
  | { kind: "ended"; reason: string; cause: { name: string; message: string } | null };

/** Writes a message to the Go program. */
export function toText(message: FromPage): string {
  return write(message);
}

/** Reads what the Go program, or worker.js, has sent. It is theirs, and well formed. */
export function fromText(text: string): (ToPage | FromWorker)[] {
  return parse(text);
}
