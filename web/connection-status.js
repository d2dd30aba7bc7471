// @ts-check

import { element, find, icon } from "./dom.js";

/**
 * @typedef {object} ConnectionStatus `detail` of the client's "statechange"
 * @property {"connecting" | "connected" | "reconnecting" | "closed"} state
 * @property {"websocket" | "long-polling" | null} [transport]
 * @property {string} [reason] why the state is what it is
 * @property {number} [retryIn] ms until the next attempt
 */

/** @type {Record<ConnectionStatus["state"], { text: string, icon: Parameters<typeof icon>[0] }>} */
const looks = {
  connecting: { text: "Connecting", icon: "wait" },
  connected: { text: "Connected", icon: "check" },
  reconnecting: { text: "Reconnecting", icon: "retry" },
  closed: { text: "Not connected", icon: "off" },
};

const transportNames = { websocket: "WebSocket", "long-polling": "long-polling" };

/**
 * Takes over the header's status: a pill that is announced when it changes, and beside it, not
 * announced, the reason and the countdown to the next attempt.
 *
 * @returns {(status: ConnectionStatus) => void} shows a status
 */
export function setUpConnectionStatus() {
  const pill = find("#state", HTMLElement);
  const retry = find("#retry", HTMLElement);
  let countdown = 0;

  return ({ state, transport, reason, retryIn }) => {
    const look = looks[state];
    const name = transport ? transportNames[transport] : undefined;
    pill.dataset.state = state;
    pill.replaceChildren(icon(look.icon), element("span", {}, look.text));
    if (name && state === "connected") pill.append(element("span", { class: "transport" }, name));

    clearInterval(countdown);
    const until = retryIn === undefined ? undefined : performance.now() + retryIn;
    const show = () => {
      const seconds =
        until === undefined ? undefined : Math.ceil((until - performance.now()) / 1000);
      const next =
        seconds === undefined ? "" : seconds > 0 ? `Next try in ${seconds} s` : "Trying now";
      retry.textContent = [reason, next].filter(Boolean).join(" · ");
      if (seconds === undefined || seconds <= 0) clearInterval(countdown);
    };
    retry.hidden = state !== "reconnecting" && !(state === "connected" && reason);
    if (retry.hidden) return;
    countdown = setInterval(show, 250);
    show();
  };
}
