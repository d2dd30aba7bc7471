import { clearTimeout, NativePromise, setTimeout } from "./builtins.js";
import type { OutboundError } from "./error.js";
import type { Known } from "./program.js";
import { isSignal } from "./signal.js";

/** A call that is not settled. */
export interface Call {
  readonly known: Known;
  /** A real one, or none. */
  readonly signal: AbortSignal | undefined;
  resolve(value: unknown): void;
  reject(error: OutboundError): void;
}

/** How a call is begun. */
export interface Begin {
  /** Is kept current. */
  known: Known;
  /** What the caller passed as such, which may be none. */
  signal?: unknown;
  /** After how many milliseconds `overdue` is called; never if there is none. */
  limit?: number | undefined;
  /** Sends it. */
  send(id: number, aborted: boolean): void;
  /** Sends word that the signal has fired since. */
  abort?(id: number): void;
  /** The call has not come to its end in time: for how many milliseconds more to wait; 0 for no more. */
  overdue?(times: number): number;
}

/** The one table of the calls of a page to a program that are not settled: each has a number. */
export class Calls {
  readonly #calls = new Map<number, Call>();
  #last = 0;

  get size(): number {
    return this.#calls.size;
  }

  get(id: number): Call | undefined {
    return this.#calls.get(id);
  }

  /** Begins a call; it settles as what is in the table is resolved or rejected. */
  begin({ known, signal: given, limit, send, abort, overdue }: Begin): Promise<unknown> {
    const id = ++this.#last;
    const signal = isSignal(given) ? given : undefined;
    return new NativePromise((resolve, reject) => {
      const fired = () => abort?.(id);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const end = () => {
        this.#calls.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener("abort", fired);
      };
      let times = 0;
      const wait = (ms: number) => {
        timer = setTimeout(() => {
          const more = overdue?.(++times);
          if (more && this.#calls.has(id)) {
            wait(more);
          }
        }, ms);
      };
      this.#calls.set(id, {
        known,
        signal,
        resolve(value) {
          end();
          resolve(value);
        },
        reject(error) {
          end();
          reject(error);
        },
      });
      // First, since the call may be settled before send returns.
      signal?.addEventListener("abort", fired);
      if (limit !== undefined) {
        wait(limit);
      }
      send(id, signal?.aborted === true);
    });
  }

  /** Rejects all. */
  rejectAll(error: (known: Known) => OutboundError): void {
    for (const call of [...this.#calls.values()]) {
      call.reject(error(call.known));
    }
  }
}
