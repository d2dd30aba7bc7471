import type { LogEntry } from "./api.js";
import { reportError } from "./builtins.js";

/** Gives a line to the option log, or prints it where that is none. */
export function writeLog(log: unknown, entry: LogEntry): void {
  if (typeof log !== "function") {
    console[entry.level](`gws-outbound: ${entry.message}`);
    return;
  }
  try {
    log(entry);
  } catch (error) {
    reportError(error);
  }
}

/** Says that something of the loader's own is not as it should be. */
export function warn(log: unknown, logLevel: unknown, message: string): void {
  if (logLevel !== "off") {
    writeLog(log, { level: "warn", time: Date.now(), message });
  }
}
