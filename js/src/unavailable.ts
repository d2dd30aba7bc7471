import { OutboundError } from "./error.js";
import { nameAndMessage, remake } from "./thrown.js";
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

/** An anchor of errors.md. */
export type Symptom = `errors.md#${string}`;

/** Makes another cause in place of one whose message has what is secret in a URL. */
function clean(cause: unknown): unknown {
  const { name, message } = nameAndMessage(cause);
  const rest = withoutSecrets(message);
  return rest === message ? cause : remake({ name, message: rest });
}
