import { OutboundError } from "./error.js";
import { describe, nameAndMessage, remake } from "./thrown.js";
import { withoutSecrets } from "./url.js";

/**
 * Says that there is no module to run, and where errors.md has more of that. What is secret in URLs is left out: browsers quote
 * those that they refuse.
 */
export function unavailable(message: string, symptom: Symptom, cause?: unknown): OutboundError {
  return new OutboundError({
    code: "LOAD_FAILED",
    message: `the WebAssembly module could not be loaded: ${withoutSecrets(message)} (${symptom})`,
    delivery: "not-sent",
    cause: clean(cause),
  });
}

/** Gives an error of this package for what was thrown, as where the page has something else in the place of what browsers have. */
export function withCode(thrown: unknown): OutboundError {
  return thrown instanceof OutboundError
    ? thrown
    : unavailable(describe(thrown), "errors.md#loading", thrown);
}

export function throwWithCode(thrown: unknown): never {
  throw withCode(thrown);
}

/** An anchor of errors.md. */
export type Symptom = `errors.md#${string}`;

/** Makes another cause in place of one whose message has what is secret in a URL. */
function clean(cause: unknown): unknown {
  const { name, message } = nameAndMessage(cause);
  const rest = withoutSecrets(message);
  return rest === message ? cause : remake({ name, message: rest });
}
