// @ts-check

/** @typedef {import("../js/dist/index.js").OutboundError} OutboundError */

/** What each `delivery` means to the agent who must decide whether to try again. */
const deliveryWords = new Map([
  ["not-sent", "Nothing was sent. You can try again."],
  ["rejected", "The server refused; nothing was changed."],
  ["accepted", "GWS took it, but the outcome is not known. Check the record before trying again."],
  ["unknown", "It may have been processed. Check the record before trying again."],
]);

/** The same in a word or two, where it is certain that the record was not changed. */
const deliverySummaries = new Map([
  ["not-sent", { text: "Not sent", certain: true }],
  ["rejected", { text: "Refused", certain: true }],
]);

/** What to do with a record when nobody but the agent can find out whether it was changed. */
export const adviceOnUnknown = "If it was done, put the record aside; if it was not, do it again.";

/** What to do when a connection could not be made or was ended, by error code. */
const connectionAdvice = new Map([
  [
    "CONNECT_FAILED",
    "Check the base URL and that the server can be reached. A server of another origin must allow this page (CORS).",
  ],
  [
    "HANDSHAKE_REFUSED",
    "The server refused the event channel. Check that this agent may sign in, then connect again.",
  ],
  [
    "SUBSCRIBE_REFUSED",
    "The agent may not listen to outbound events. It needs the feature api-voice-outbound.",
  ],
  ["UNAUTHORIZED", "Check the user and the password."],
  ["AGENT_CHANGED", "Another agent has signed in in this browser. Connect again."],
  ["API_ERROR", "The server refused the sign-in. Its reason is above."],
  [
    "HTTP_ERROR",
    "This does not look like GWS. Check the base URL and that no login page is in between.",
  ],
  [
    "NETWORK_ERROR",
    "Check the network and the base URL. A server of another origin must allow this page (CORS).",
  ],
  [
    "REQUEST_TIMEOUT",
    "The server did not answer in time. Check that it is up, then connect again.",
  ],
  ["DISCONNECTED", "The server ended the session. Connect again."],
  ["LOAD_FAILED", "The client could not be loaded. Reload the page."],
  ["MODULE_EXITED", "The client has stopped. Reload the page."],
]);

/**
 * Says in words what an error means for the record.
 *
 * @param {string | undefined} delivery as in OutboundError
 * @returns {string}
 */
export function describeDelivery(delivery) {
  // A value this page does not know, or none, must not sound safer than it is.
  return deliveryWords.get(delivery ?? "unknown") ?? deliveryWords.get("unknown") ?? "";
}

/**
 * Says what to do with a record after an operation on it has failed.
 *
 * @param {string | undefined} delivery as in OutboundError
 * @returns {string}
 */
export function adviseRecord(delivery) {
  const certain = summarizeDelivery(delivery).certain;
  const next = certain
    ? "The record is still yours here; put it aside if the server says that it is not."
    : adviceOnUnknown;
  return `${describeDelivery(delivery)} ${next}`;
}

/**
 * Says what to do after a number could not be added to a contact.
 *
 * @param {string | undefined} delivery as in OutboundError
 * @returns {string}
 */
export function adviseNumber(delivery) {
  return summarizeDelivery(delivery).certain
    ? describeDelivery(delivery)
    : "The number may have been added. Look at the numbers of this contact before you add it again.";
}

/**
 * Sums up how a completion failed, for a list of many.
 *
 * @param {string | undefined} delivery as in OutboundError
 * @returns {{ text: string, certain: boolean }} `certain`: the record was certainly not changed
 */
export function summarizeDelivery(delivery) {
  return (
    deliverySummaries.get(delivery ?? "unknown") ?? { text: "Outcome unknown", certain: false }
  );
}

/**
 * Says what to do about a failed connection.
 *
 * @param {string} code as in OutboundError
 * @returns {string}
 */
export function adviseConnection(code) {
  return connectionAdvice.get(code) ?? "Check the fields above, then connect again.";
}

/**
 * Takes what was thrown, which may be anything, as the fields of an OutboundError.
 *
 * @param {unknown} thrown
 * @returns {Partial<Omit<OutboundError, "code">> & { code: string, message: string }} `code` is the error's name where it has no code
 */
export function asOutboundError(thrown) {
  const error = /** @type {Partial<OutboundError>} */ (thrown instanceof Object ? thrown : {});
  const { delivery, referenceId, httpStatus, statusCode, statusMessage, event, problems, cause } =
    error;
  const code = typeof error.code === "string" ? error.code : (error.name ?? "Error");
  const message = error.message ?? String(thrown);
  return {
    code,
    message,
    delivery,
    referenceId,
    httpStatus,
    statusCode,
    statusMessage,
    event,
    problems,
    cause,
  };
}
