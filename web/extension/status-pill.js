import { find, icon } from "./shared/dom.js";

/** @type {Record<string, { text: string, icon: Parameters<typeof icon>[0] }>} */
const looks = {
  connecting: { text: "Connecting", icon: "wait" },
  connected: { text: "Connected", icon: "check" },
  reconnecting: { text: "Reconnecting", icon: "retry" },
  closed: { text: "Not connected", icon: "off" },
};

/**
 * Shows the connection's state in the page's #state.
 *
 * @param {import("./session.js").Status} status
 * @returns {void}
 */
export function showState({ state, transport, code }) {
  const pill = find("#state", HTMLElement);
  pill.dataset.state = state;
  pill.dataset.transport = transport ?? "";
  pill.dataset.code = code ?? "";
  pill.title = transport ? `over ${transport}` : "";
  pill.replaceChildren(icon(looks[state].icon), looks[state].text);
}

const advice = new Map([
  ["CONNECT_FAILED", "Check the network and the base URL."],
  ["NETWORK_ERROR", "Check the network and the base URL."],
  ["REQUEST_TIMEOUT", "The server did not answer in time."],
  ["UNAUTHORIZED", "Check the user and the password."],
  ["HTTP_ERROR", "This does not look like GWS: check the base URL."],
  ["HANDSHAKE_REFUSED", "The server refused the event channel to this agent."],
  ["SUBSCRIBE_REFUSED", "The agent needs the feature api-voice-outbound."],
]);

/**
 * @param {import("./session.js").Status} status
 * @returns {string} why it is so and what to do; empty if there is nothing to say
 */
export function describeStatus({ code, reason }) {
  return [reason, advice.get(code)].filter(Boolean).join(" ");
}
