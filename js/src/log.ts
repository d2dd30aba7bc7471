import type { LogEntry } from "./api.js";
import { reportError } from "./builtins.js";

/** Gives a line to the option log, if that takes any. */
export function writeLog(log: unknown, entry: LogEntry): void {
  try {
    (log as (entry: LogEntry) => void)(entry);
  } catch (error) {
    reportError(error);
  }
}

/** Says that something of the loader's own is not as it should be. */
export function warn(log: unknown, logLevel: unknown, message: string): void {
  if (logLevel === "off") {
    return;
  }
  if (typeof log === "function") {
    writeLog(log, { level: "warn", time: Date.now(), message });
  } else {
    console.warn(`gws-outbound: ${message}`);
  }
}
