import type { OutboundError } from "./error.js";
import type { Track } from "./protocol.js";
import { isSignal } from "./signal.js";

interface Call {
  resolve(value: never): void;
  reject(error: OutboundError): void;
  signal: AbortSignal | undefined;
  track: Track | undefined;
}

/** How a call is begun. */
export interface Begin {
  /** What the caller passed as such, which may be none. */
  signal?: unknown;
  track?: Track;
  /** Sends it. The signal is a real one, which may have fired already. */
  send(id: number, signal: AbortSignal | undefined): void;
  /** Sends word that the signal has fired since. */
  abort?(id: number, signal: AbortSignal): void;
}

let last = 0;

/** Calls of a program, here or in a Worker, that are not settled: each has a number. */
export class Calls {
  readonly #calls = new Map<number, Call>();

  /** Begins a call; settles as {@link resolve} or {@link reject} says. */
  begin<T>({ signal: given, track, send, abort }: Begin): Promise<T> {
    const id = ++last;
    const signal = isSignal(given) ? given : undefined;
    return new Promise<T>((resolve, reject) => {
      const fired = () => abort?.(id, signal as AbortSignal);
      const settle =
        <V>(how: (value: V) => void) =>
        (value: V) => {
          this.#calls.delete(id);
          signal?.removeEventListener("abort", fired);
          how(value);
        };
      this.#calls.set(id, { resolve: settle(resolve), reject: settle(reject), signal, track });
      // First, since the call may be settled before send returns.
      signal?.addEventListener("abort", fired, { once: true });
      try {
        send(id, signal);
      } catch (error) {
        this.reject(id, error);
      }
    });
  }

  resolve(id: number, value: unknown): void {
    this.#calls.get(id)?.resolve(value as never);
  }

  reject(id: number, error: unknown): void {
    this.#calls.get(id)?.reject(error as OutboundError);
  }

  signalOf(id: number): AbortSignal | undefined {
    return this.#calls.get(id)?.signal;
  }

  trackOf(id: number): Track | undefined {
    return this.#calls.get(id)?.track;
  }
}
