import { NativeSet } from "./builtins.js";
import { OutboundError } from "./error.js";

/** Why a program has ended: words that follow "the WebAssembly program". */
export interface Ending {
  reason: string;
  cause?: unknown;
}

/** What is known about one call. It is kept current, so that the truth is here though the program is gone. */
export interface Known {
  delivery: OutboundError["delivery"];
  referenceId: string | undefined;
}

/** What is known of a call that has done nothing yet. */
export function nothingSent(referenceId?: string): Known {
  return { delivery: "not-sent", referenceId };
}

/** What a call ends with where its page goes away for good, and others outlive it: nothing that runs here later could settle it. */
export function leftError(known: Known): OutboundError {
  return new OutboundError({
    code: "MODULE_EXITED",
    message: "the page or frame of the WebAssembly program is gone",
    ...known,
  });
}

/** Whether a Go program runs, here or in a Worker, and why it does not any more. */
export class Program {
  #ending: Ending | undefined;
  readonly #listeners = new NativeSet<() => void>();

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** Why it has ended; it must have. */
  get ending(): Ending {
    return this.#ending as Ending;
  }

  /** Calls `listener` at the program's end, or now if that was; returns what takes it back. */
  onEnd(listener: () => void): () => void {
    if (this.#ending) {
      listener();
    } else {
      this.#listeners.add(listener);
    }
    return () => this.#listeners.delete(listener);
  }

  /** Notes that the program has ended. */
  end(ending: Ending): void {
    if (this.#ending) {
      return;
    }
    this.#ending = ending;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) {
      listener();
    }
  }

  /** The error of a call that the program's end cut off, or that came after it. */
  error(known: Known): OutboundError {
    return new OutboundError({
      code: "MODULE_EXITED",
      message: `the WebAssembly program ${this.#ending?.reason}; createClient() starts a new one`,
      cause: this.#ending?.cause,
      ...known,
    });
  }
}
