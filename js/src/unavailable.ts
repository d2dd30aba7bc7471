import { OutboundError } from "./error.js";
import { nameAndMessage, remake } from "./thrown.js";
import { withoutSecrets } from "./url.js";

/** Says that there is no module to run. What is secret in URLs is left out: browsers quote those that they refuse. */
export function unavailable(message: string, cause?: unknown): OutboundError {
  return new OutboundError({
    code: "LOAD_FAILED",
    message: `the WebAssembly module could not be loaded: ${withoutSecrets(message)} (errors.md#loading)`,
    delivery: "not-sent",
    cause: clean(cause),
  });
}

/** Makes another cause in place of one whose message has what is secret in a URL. */
function clean(cause: unknown): unknown {
  const { name, message } = nameAndMessage(cause);
  const rest = withoutSecrets(message);
  return rest === message ? cause : remake({ name, message: rest });
}
