// What the Go program (wasm/) and its host, this loader, give to each other.

import type { ClientOptions, LoadOptions, StateChangeDetail } from "./api.js";
import type { Delivery, OutboundErrorInit } from "./error.js";
import type { OutboundOperations } from "./operations.js";
import type { Requests } from "./request.js";

/** What Go finds in its globalThis as `gwsOutboundHost`. Go calls each function without its object. */
export interface Host extends Outcomes, Requests {
  /** Called once, before `run` returns. */
  ready(core: GoCore): void;
}

/** What is done with what becomes of the calls in Go: called synchronously, must not throw. */
export interface Outcomes {
  /** Gives what the promises of the program reject with, and calls fail with. */
  makeError(init: OutboundErrorInit): unknown;
  /** A call has come to what the text says, in JSON. */
  resolved(id: number, text: string): void;
  rejected(id: number, error: unknown): void;
  /** What is known about a call has changed; at first, nothing was sent. */
  known(id: number, delivery: Delivery): void;
}

/** What the Go program gives to its host. */
export interface GoCore extends Answered {
  /** Checks every option itself. */
  createClient(options: GoOptions, hooks: Hooks): Promise<GoHandle>;
}

/** What the Go program wants to be told of requests. */
export interface Answered {
  /** Told once of each request that `Requests.request` was asked to make. */
  answered(
    ...result:
      | [id: number, status: number, headers: Headers, body: Uint8Array]
      | [id: number, failed: -1, thrown: unknown]
      | [id: number, tooLarge: -2]
  ): void;
  /** The response to a request that asked for this is arriving, and more is to come. */
  progress(id: number): void;
}

/** A client in Go, as Go gives it. */
export interface GoHandle extends Commands {
  /**
   * Performs an operation; checks the request and every option itself. The text is `callText`'s. If
   * the caller's signal has fired already, its reason follows. What becomes of it goes to `Outcomes`.
   */
  call(text: string, ...aborted: [reason?: unknown]): void;
  /** The signal of a call has fired. */
  abort(id: number, reason: unknown): void;
}

/** A program that runs here or in a Worker. */
export interface Core {
  /** Checks every option itself. */
  createClient(options: GoOptions, hooks: Hooks): Promise<Handle>;
}

/** The options without those of the loader, and what the loader adds. */
export type GoOptions = Omit<ClientOptions, keyof LoadOptions> & {
  /** The name of the transport to try first. It may be none of `transports`: then it is ignored. */
  firstTransport?: string;
};

/** What the host gives to a client in Go: called synchronously, must not throw. */
export interface Hooks {
  statechange(detail: StateChangeDetail): void;
  /** Of the event's data there is the text, in JSON, as the server sent it. */
  notification(channel: string, data: string): void;
}

/** The name of an operation's method. */
export type Method = keyof OutboundOperations;

/** A client in Go, here or in a Worker. */
export interface Handle extends Commands {
  /** Performs an operation; checks the request and every option itself. */
  call(method: Method, request: unknown, options: unknown, track: Track): Promise<unknown>;
}

/** What a client in Go does, and is told, here or in a Worker. */
export interface Commands {
  close(options?: { forget: boolean }): Promise<void>;
  /** Lists the calls that clients before this one have left. */
  unsettled(): Promise<Unsettled[]>;
  /** Settles as one of them does. */
  settled(referenceId: string): Promise<unknown>;
  /** Says that the caller knows what a call, or one of those, has come to. */
  delivered(referenceId: string): void;
  /** Takes one of them off the list. */
  forget(referenceId: unknown): Promise<void>;
  /** Asks for the notifications, which are left out before. */
  listen(): void;
  /** Says that the connection may be dead, or may be had again. */
  wake(): void;
  /** Says that the page goes away: ends the session at once if nothing is pending. */
  leave(): void;
}

/** An unsettled call, as Go tells of it. */
export interface Unsettled {
  method: Method;
  request: unknown;
  referenceId: string;
  delivery: Delivery;
  answered: boolean;
  /** Milliseconds since 1970, as the next one. */
  sentAt: number;
  answerableUntil: number | null;
}

/** What is known about one call. */
export interface Known {
  delivery: Delivery;
  referenceId: string | undefined;
}

/** What is known of a call that has done nothing yet. */
export const nothingSent: Known = { delivery: "not-sent", referenceId: undefined };

/**
 * Keeps what is known about one call. Go tells each change, so that the
 * truth is here even when the Go program is not there any more.
 */
export class Track {
  known: Known;

  constructor(referenceId?: string) {
    this.known = { ...nothingSent, referenceId };
  }

  tell(delivery: Delivery): void {
    this.known = { ...this.known, delivery };
  }
}
