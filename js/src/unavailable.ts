import { OutboundError } from "./error.js";

/** Says that there is no module to run. */
export function unavailable(message: string, cause?: unknown): OutboundError {
  return new OutboundError({
    code: "MODULE_EXITED",
    message: `the WebAssembly module could not be loaded: ${message}`,
    delivery: "not-sent",
    cause,
  });
}
