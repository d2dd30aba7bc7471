import { OutboundError } from "./error.js";
import { type Core, type Known, nothingSent, type Track } from "./protocol.js";

/** Why a program has ended: words that follow "the WebAssembly program". */
export interface Ending {
  reason: string;
  cause?: unknown;
}

/** A running Go program, here or in a Worker: makes sure that every call into it settles. */
export class Program {
  core!: Core;
  /** Ends the Worker, if the program runs in one; it has one client only, then. */
  readonly release: () => void;
  #ending: Ending | undefined;
  readonly #listeners = new Set<(ending: Ending) => void>();

  constructor(release = () => {}) {
    this.release = release;
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** Calls `listener` at the program's end, or now if that was; returns what takes it back. */
  onEnd(listener: (ending: Ending) => void): () => void {
    if (this.#ending) {
      listener(this.#ending);
    } else {
      this.#listeners.add(listener);
    }
    return () => this.#listeners.delete(listener);
  }

  /** Notes that the program has ended. */
  end(ending: Ending): void {
    this.#ending ??= ending;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) {
      listener(this.#ending);
    }
  }

  /** The error of a call that the program's end cut off, or that came after it. */
  error(known: Known = nothingSent): OutboundError {
    return new OutboundError({
      code: "MODULE_EXITED",
      message: `the WebAssembly program ${this.#ending?.reason}; createClient() starts a new one`,
      cause: this.#ending?.cause,
      ...known,
    });
  }

  /** Settles as the promise of `invoke` does, or rejects when the program ends first. */
  call<T>(track: Track, invoke: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.ended) {
        reject(this.error(track.known));
        return;
      }
      const off = this.onEnd(() => reject(this.error(track.known)));
      // There is no promise where the program ended within the call.
      new Promise<T>((settle) => settle(invoke())).finally(off).then(resolve, reject);
    });
  }
}
