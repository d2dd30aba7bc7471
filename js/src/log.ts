import type { LogEntry } from "./api.js";
import { reportError } from "./builtins.js";

/** Gives a line to the option log, or else to the console. */
export function writeLog(log: unknown, entry: LogEntry): void {
  try {
    typeof log === "function" ? log(entry) : console[entry.level](`gws-outbound: ${entry.message}`);
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
