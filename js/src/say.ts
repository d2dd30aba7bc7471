import { write } from "./json.js";
import type { Program } from "./program.js";
import { nameAndMessage } from "./thrown.js";
import type { FromWorker } from "./wire.js";

/** Says something to the page that the Go program does not say. */
export function say(port: MessagePort, message: FromWorker): void {
  port.postMessage(write([message]));
}

/** Says that the program has ended. */
export function sayEnded(port: MessagePort, { ending: { reason, cause } }: Program): void {
  say(port, { kind: "ended", reason, cause: textOf(cause) });
}

/** Says why there is no program to run. */
export function sayUnfit(port: MessagePort, error: unknown): void {
  const { code, message, cause } = error as {
    code?: string;
    message: string;
    cause?: unknown;
  };
  say(port, { kind: "unfit", worded: code === "LOAD_FAILED", message, cause: textOf(cause) });
}

function textOf(cause: unknown): { name: string; message: string } | null {
  return cause === undefined ? null : nameAndMessage(cause);
}
