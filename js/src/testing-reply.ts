import type { CampaignEvent, OutboundRecord, RecordEvent } from "./api.js";

/** What the server of a test does with a call: made by the functions here. */
export type Reply =
  | { readonly kind: "acknowledge"; readonly result: Acknowledgement | undefined }
  | { readonly kind: "recordError"; readonly event: Readonly<Record<string, unknown>> }
  | { readonly kind: "reject"; readonly refusal: Refusal }
  | { readonly kind: "lose"; readonly code: "NETWORK_ERROR" | "REQUEST_TIMEOUT" }
  | { readonly kind: "hold" }
  | { readonly kind: "delay"; readonly ms: number; readonly reply: Reply };

/** Fields of the acknowledging event, laid over those of the request; or a record, `null`, or a list of records. */
export type Acknowledgement =
  | Partial<RecordEvent>
  | Partial<CampaignEvent>
  | OutboundRecord
  | readonly OutboundRecord[]
  | null;

/** How the server refuses a request. */
export interface Refusal {
  /** Of the API: `API_ERROR`. */
  statusCode?: number;
  statusMessage?: string;
  /** Without a `statusCode`: `HTTP_ERROR`, or `UNAUTHORIZED` for 401. Default: `200` with one. */
  httpStatus?: number;
}

/**
 * The server accepts the request, and acknowledges it. `result` is what the method resolves with, as far as
 * that matters to the test: fields of the event, laid over those that follow from the request; of
 * `getPreviewRecord` the record, or `null`; of `getChainedRecords` the list of records.
 */
export function acknowledge(result?: Acknowledgement): Reply {
  return { kind: "acknowledge", result };
}

/**
 * The server refuses the request: `API_ERROR` with a `statusCode`, otherwise `UNAUTHORIZED` (401) or
 * `HTTP_ERROR`. `delivery` is as for a real client: `"rejected"`, or `"unknown"` with the status codes 4, 7 and 9
 * and the HTTP statuses 408 and from 500 on; with these a real client waits 2 s more for an acknowledgement: see
 * {@link lose}.
 */
export function reject(refusal: Refusal): Reply {
  return { kind: "reject", refusal };
}

/** The server accepts the request, and answers it with another event: `RECORD_ERROR`. `event` has fields of that event. */
export function recordError(event: Readonly<Record<string, unknown>> = {}): Reply {
  return { kind: "recordError", event };
}

/**
 * The request gets no answer, nor does an acknowledgement follow: `delivery` is `"unknown"`. Here it is said at once. A
 * real client waits 2 s more for an acknowledgement, on a session that works, before it says so, and `requestTimeout`
 * before that for `"REQUEST_TIMEOUT"`. With `delay(2000, lose())` the call waits as long, and {@link TestCall.reply}
 * may acknowledge it meanwhile.
 */
export function lose(code: "NETWORK_ERROR" | "REQUEST_TIMEOUT" = "NETWORK_ERROR"): Reply {
  return { kind: "lose", code };
}

/**
 * The server accepts the request, and that is all: it ends with `ACK_TIMEOUT` after `ackTimeout`, unless the test
 * has it answered before, with {@link TestCall.reply}.
 */
export function hold(): Reply {
  return { kind: "hold" };
}

/**
 * The server takes its time before it does anything, in milliseconds, by the `setTimeout` that is there then. Where that
 * is longer than `ackTimeout`, the call ends with `REQUEST_TIMEOUT`, `"unknown"`. A real client also gives the POST up
 * after `requestTimeout`, which does not count here.
 */
export function delay(ms: number, reply: Reply = acknowledge()): Reply {
  return { kind: "delay", ms, reply };
}
