import { watchPage } from "./page.js";
import type { Program } from "./program.js";
import { type Handle, Track } from "./protocol.js";

/** What is to be ended of a client. It does not know the client, which may be collected. */
export class Session {
  readonly program: Program;
  readonly handle: Handle;
  readonly #forget: () => void;
  #ending: Promise<void> | undefined;

  /** `forget` is called at its end, too. */
  constructor(program: Program, handle: Handle, forget: () => void) {
    this.program = program;
    this.handle = handle;
    const unwatch = watchPage(handle);
    const off = program.onEnd(unwatch);
    this.#forget = () => {
      unwatch();
      off();
      forget();
    };
  }

  get ending(): boolean {
    return this.#ending !== undefined;
  }

  /** Ends the session at the server, and the Worker if there is one. */
  end(options?: { forget: boolean }): Promise<void> {
    this.#ending ??= this.#end(options);
    return this.#ending;
  }

  async #end(options: { forget: boolean } | undefined): Promise<void> {
    try {
      // A program that has ended took the session with it: nothing is left to do.
      if (!this.program.ended) {
        await this.program.call(new Track(), () => this.handle.close(options));
      }
    } finally {
      this.#forget();
      this.program.release();
    }
  }
}
