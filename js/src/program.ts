import { OutboundError } from "./error.js";
import { Printer } from "./print.js";
import { type Core, newTrack, type Track } from "./protocol.js";

/** A running Go program: makes sure that every call into it settles. */
export class Program {
  readonly printer = new Printer();
  core!: Core;
  #end: { reason: string; cause: unknown } | undefined;
  readonly #listeners = new Set<() => void>();

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Calls `listener` at the program's end, or now if that was; returns what takes it back. */
  onEnd(listener: () => void): () => void {
    if (this.ended) {
      listener();
    } else {
      this.#listeners.add(listener);
    }
    return () => this.#listeners.delete(listener);
  }

  /** Notes that the program has ended. */
  end(reason: string, cause?: unknown): void {
    this.printer.flush();
    this.#end = { reason, cause };
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) {
      listener();
    }
  }

  /** The error of a call that the program's end cut off, or that came after it. */
  error(track: Track = newTrack()): OutboundError {
    const words = this.printer.lastWords;
    return new OutboundError({
      code: "MODULE_EXITED",
      message: `the WebAssembly program ${this.#end?.reason}${words && ` (${words})`}; createClient() starts a new one`,
      cause: this.#end?.cause,
      ...track,
    });
  }

  /** Settles as the promise of `invoke` does, or rejects when the program ends first. */
  call<T>(track: Track, invoke: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.ended) {
        reject(this.error());
        return;
      }
      const off = this.onEnd(() => reject(this.error(track)));
      // There is no promise where the program ended within the call.
      new Promise<T>((settle) => settle(invoke())).finally(off).then(resolve, reject);
    });
  }
}
