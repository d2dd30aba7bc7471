// The messages between a page and its Worker, all over one MessagePort, but
// for the first, which brings it.

import type { StateChangeDetail } from "./api.js";
import type { Delivery, OutboundErrorInit } from "./error.js";
import type { Packed, Place, Thrown } from "./pack.js";
import type { Ending } from "./program.js";

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
  | { do: "call"; text: string; id: number; aborted?: Thrown | undefined }
  | { do: "close"; id: number; options: { forget: boolean } | undefined }
  | { do: "unsettled"; id: number }
  | { do: "settled"; id: number; referenceId: string }
  | { do: "delivered"; referenceId: string }
  | { do: "forget"; id: number; referenceId: Packed }
  | { do: "abort"; id: number; reason: Thrown }
  | { do: "headers"; id: number; fields: [string, string][] | undefined }
  | { do: "headers"; id: number; thrown: Thrown }
  | { do: "listen" | "wake" | "leave" };

/** What the Worker says. */
export type ToPage =
  | { say: "ready" }
  | { say: "unfit"; error: OutboundErrorInit }
  | { say: "resolved"; id: number; value: unknown }
  | { say: "resolved"; id: number; text: string }
  | { say: "rejected"; id: number; error: OutboundErrorInit; cause?: Place | undefined }
  | { say: "known"; id: number; delivery: Delivery }
  | { say: "statechange"; detail: StateChangeDetail }
  | { say: "notifications"; texts: string[] } // of each the channel, and its data in JSON
  | { say: "headers"; id: number }
  | { say: "ended"; ending: Ending };
