import { defineProperty, hasOwn } from "./builtins.js";
import type { ErrorCode } from "./error-codes.js";
import { cleanStack } from "./url.js";

/**
 * What is known about the request:
 *
 * - `not-sent`: nothing left the page, retry freely.
 * - `rejected`: the server refused it, nothing was done.
 * - `accepted`: the server took it, the outcome is not known.
 * - `unknown`: it may have been processed.
 */
export type Delivery = "not-sent" | "rejected" | "accepted" | "unknown";

/** One wrong field of a request, or one wrong option. */
export interface Problem {
  /** The name of the field or option. */
  field: string;
  /** What is wrong with it, and what to do. */
  message: string;
}

/** What an {@link OutboundError} is made of. */
export interface OutboundErrorInit {
  code: ErrorCode;
  message: string;
  delivery: Delivery;
  cause?: unknown;
  referenceId?: string;
  httpStatus?: number;
  statusCode?: number;
  statusMessage?: string;
  event?: unknown;
  problems?: readonly Problem[];
}

/** The one kind of error that this package rejects with. */
export class OutboundError extends Error {
  /** What went wrong. */
  readonly code: ErrorCode;
  /** What is known about the request: whether trying again is safe. */
  readonly delivery: Delivery;
  /** The reference of the request, its own or the generated one. */
  declare readonly referenceId?: string;
  /** The status of the HTTP response. */
  declare readonly httpStatus?: number;
  /** The `statusCode` of the response's body. */
  declare readonly statusCode?: number;
  /** The `statusMessage` of the response's body. */
  declare readonly statusMessage?: string;
  /** The `data` of the event that answered (RECORD_ERROR), as the server sent it. */
  // biome-ignore lint/suspicious/noExplicitAny: the server decides what it is
  declare readonly event?: any;
  /** Every wrong field (INVALID_REQUEST). */
  declare readonly problems?: readonly Problem[];

  constructor(init: OutboundErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    // Callers of anything that takes a signal test for this name.
    // Defined, since no value can be assigned where the page has frozen Error.prototype.
    defineProperty(this, "name", {
      __proto__: null,
      value: init.code === "ABORTED" ? "AbortError" : "OutboundError",
      configurable: true,
      enumerable: true,
      writable: true,
    } as PropertyDescriptor);
    cleanStack(this);
    this.code = init.code;
    this.delivery = init.delivery;
    for (const field of optionalFields) {
      // A field that does not apply is absent, so that a printed error is short.
      if (hasOwn(init, field) && init[field] !== undefined) {
        defineProperty(this, field, {
          __proto__: null,
          value: init[field],
          enumerable: true,
        } as PropertyDescriptor);
      }
    }
  }
}

const optionalFields = [
  "referenceId",
  "httpStatus",
  "statusCode",
  "statusMessage",
  "event",
  "problems",
] as const;
