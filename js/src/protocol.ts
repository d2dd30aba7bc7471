// What the Go program (wasm/) and its host, this loader, give to each other.

import type { ClientOptions, LoadOptions, NotificationDetail, StateChangeDetail } from "./api.js";
import type { Delivery, OutboundErrorInit } from "./error.js";
import type { OutboundOperations } from "./operations.js";
import type { request } from "./request.js";

/** What Go finds in its globalThis as `gwsOutboundHost`. */
export interface Host {
  /** Gives what the promises of the program reject with. */
  makeError(init: OutboundErrorInit): unknown;
  /** Makes the program's HTTP requests. */
  request: typeof request;
  /** Called once, before `run` returns. */
  ready(core: Core): void;
}

/** What the Go program gives to its host. */
export interface Core {
  /** Checks every option itself. */
  createClient(options: GoOptions, hooks: Hooks): Promise<Handle>;
}

/** The options without those of the loader. */
export type GoOptions = Omit<ClientOptions, keyof LoadOptions>;

/** What the host gives to a client in Go: called synchronously, must not throw. */
export interface Hooks {
  statechange(detail: StateChangeDetail): void;
  notification(detail: NotificationDetail): void;
}

/** The name of an operation's method. */
export type Method = keyof OutboundOperations;

/** A client in Go. */
export interface Handle {
  /** Performs an operation; checks the request and every option itself. */
  call(method: Method, request: unknown, options: unknown, track: Track): Promise<unknown>;
  close(options?: { forget: boolean }): Promise<void>;
  /** Lists the calls that clients before this one have left. */
  unsettled(): Promise<Unsettled[]>;
  /** Settles as one of them does. */
  settled(referenceId: string): Promise<unknown>;
  /** Says that the caller was told what a call, or one of those, has come to. */
  told(referenceId: string): void;
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
  /** Milliseconds since 1970. */
  sentAt: number;
}

/** What is known about one call. */
export interface Known {
  delivery: Delivery;
  referenceId: string | undefined;
}

/** What is known of a call that has done nothing yet. */
export const nothingSent: Known = { delivery: "not-sent", referenceId: undefined };

/**
 * Keeps what is known about one call. Go tells it each change, so that the
 * truth is here even when the Go program is not there any more.
 */
export class Track {
  known = nothingSent;

  /** Called by Go; must not throw. */
  tell(referenceId: string, delivery: Delivery): void {
    this.known = { delivery, referenceId };
  }
}
