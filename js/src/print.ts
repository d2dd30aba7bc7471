import { NativeMap } from "./builtins.js";

/**
 * Sends what a Go program prints to the console as it is, a line at a time:
 * standard error to console.error, the rest to console.debug.
 */
export class Printer {
  readonly #decoders = new NativeMap<number, TextDecoder>();
  readonly #lines = new NativeMap<number, string>();
  #lastWords = "";

  /** The line in which the Go runtime said why it ended the program, or "". */
  get lastWords(): string {
    return this.#lastWords;
  }

  /** Takes what the program wrote to a file descriptor. */
  write(fd: number, bytes: Uint8Array): number {
    let decoder = this.#decoders.get(fd);
    if (!decoder) {
      decoder = new TextDecoder();
      this.#decoders.set(fd, decoder);
    }
    const text = (this.#lines.get(fd) ?? "") + decoder.decode(bytes, { stream: true });
    const end = text.lastIndexOf("\n");
    if (end >= 0) {
      this.#print(fd, text.slice(0, end));
    }
    this.#lines.set(fd, text.slice(end + 1));
    return bytes.length;
  }

  /** Prints what has no newline yet. */
  flush(): void {
    for (const [fd, text] of this.#lines) {
      if (text) {
        this.#print(fd, text);
      }
    }
    this.#lines.clear();
  }

  #print(fd: number, text: string): void {
    if (fd !== 2) {
      console.debug(text);
      return;
    }
    console.error(text);
    this.#lastWords ||= /^(panic|fatal error): .*$/m.exec(text)?.[0] ?? "";
  }
}
