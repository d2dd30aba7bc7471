// The messages between a page and its Worker, all over one MessagePort, but
// for the first, which brings it.

import type { NotificationDetail, StateChangeDetail } from "./api.js";
import type { OutboundErrorInit } from "./error.js";
import type { Packed, Place, Thrown } from "./pack.js";
import type { Ending } from "./program.js";
import type { Known, Method } from "./protocol.js";

/** The first message to the Worker. */
export interface Begin {
  module: WebAssembly.Module;
  port: MessagePort;
  /** The name of a lock for the Worker to hold as long as it lives. */
  life: string;
}

/** The signal of a call: whether there is one, and what it has fired with before the call. */
export type Signal = { aborted?: Thrown } | undefined;

/** The option headers: a function stays on the page. */
export type Headers = "ask" | { fields: [string, string][] } | { refused: Thrown } | undefined;

/** What the page says. Calls, and the aborts of them, have an id. */
export type ToWorker =
  | { do: "createClient"; id: number; options: Packed; headers: Headers; signal: Signal }
  | { do: "call"; id: number; method: Method; request: Packed; options: Packed; signal: Signal }
  | { do: "close"; id: number; options: { forget: boolean } | undefined }
  | { do: "unsettled"; id: number }
  | { do: "settled"; id: number; referenceId: string }
  | { do: "told"; referenceId: string }
  | { do: "forget"; id: number; referenceId: Packed }
  | { do: "abort"; id: number; reason: Thrown }
  | { do: "headers"; id: number; fields: [string, string][] | undefined }
  | { do: "headers"; id: number; thrown: Thrown }
  | { do: "listen" | "wake" | "leave" };

/** What the Worker says. */
export type ToPage =
  | { say: "ready" }
  | { say: "unfit"; error: OutboundErrorInit }
  | { say: "resolved"; id: number; value?: unknown }
  | { say: "rejected"; id: number; error: OutboundErrorInit; cause?: Place | undefined }
  | { say: "track"; id: number; known: Known }
  | { say: "statechange"; detail: StateChangeDetail }
  | { say: "notification"; detail: NotificationDetail }
  | { say: "headers"; id: number }
  | { say: "ended"; ending: Ending };
