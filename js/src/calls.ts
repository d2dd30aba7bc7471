import { clock, NativeMap, NativePromise } from "./builtins.js";
import type { OutboundError } from "./error.js";
import type { Known } from "./program.js";
import { hasFired, isSignal, onAbort } from "./signal.js";

/** A call that is not settled. */
export interface Call {
  /** When it should have been, on {@link clock}. */
  due: number;
  /** How often it has been given more time since. */
  times: number;
  readonly known: Known;
  /** A real one, or none. */
  readonly signal: AbortSignal | undefined;
  resolve(value: unknown): void;
  reject(error: OutboundError): void;
}

/** How a call is begun. */
export interface NewCall {
  /** Is kept current. */
  known: Known;
  /** What the caller passed as such, which may be none. */
  signal?: unknown;
  /** In how many milliseconds it should be settled; there is no saying if there is none. */
  limit?: number;
  /** Sends it. */
  send(id: number, aborted: boolean): void;
  /** Sends word that the signal has fired since. */
  abort?(id: number): void;
}

/** The one table of the calls of a page to a program that are not settled: each has a number. */
export class Calls {
  readonly #calls = new NativeMap<number, Call>();
  #last = 0;

  get size(): number {
    return this.#calls.size;
  }

  get(id: number): Call | undefined {
    return this.#calls.get(id);
  }

  /** Begins a call; it settles as what is in the table is resolved or rejected. */
  begin({ known, signal: given, limit = Infinity, send, abort }: NewCall): Promise<unknown> {
    const id = ++this.#last;
    const signal = isSignal(given) ? given : undefined;
    return new NativePromise((resolve, reject) => {
      // First, since the call may be settled before send returns.
      const ignore = signal && onAbort(signal, () => abort?.(id));
      const end = () => {
        this.#calls.delete(id);
        ignore?.();
      };
      this.#calls.set(id, {
        due: clock.now() + limit,
        times: 0,
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
      send(id, signal !== undefined && hasFired(signal));
    });
  }

  /** Gives those that are overdue so much more time, and says how often that has been done at most. */
  extend(ms: number): number {
    const now = clock.now();
    let most = 0;
    for (const call of this.#calls.values()) {
      if (call.due < now) {
        call.due = now + ms;
        most = Math.max(most, ++call.times);
      }
    }
    return most;
  }

  /** Rejects all. */
  rejectAll(error: (known: Known) => OutboundError): void {
    for (const call of [...this.#calls.values()]) {
      call.reject(error(call.known));
    }
  }
}
