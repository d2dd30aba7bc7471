// @ts-check

import { ownerOf } from "./connection.js";
import { element, find } from "./dom.js";
import { isOfTheClient } from "./left-open.js";
import { describeDone, describeOperation } from "./operations.js";
import { asOutboundError, describeDelivery, summarizeDelivery } from "./words.js";

/** @typedef {import("../js/dist/index.js").OutboundClient} OutboundClient */
/** @typedef {import("../js/dist/index.js").UnsettledCall} UnsettledCall */
/** @typedef {import("./operations.js").OperationError} OperationError */

/** @typedef {{ value: any } | { error: OperationError } | { checked: true }} Outcome `checked`: the agent has looked, and nobody waits any more */
/**
 * @typedef {object} Remaining a call that an earlier page has left without an end
 * @property {UnsettledCall["method"]} method
 * @property {any} request
 * @property {UnsettledCall["delivery"]} delivery
 * @property {Promise<Outcome>} outcome never rejects
 */

/**
 * Takes over the panel of what earlier pages have left without an end. What is settled stays there
 * until the agent has dismissed it.
 *
 * @param {object} desktop
 * @param {(text: string) => void} desktop.say tells assistive technology
 * @param {import("./left-open.js").LeftOpen} desktop.leftOpen
 * @param {(record: import("../js/dist/index.js").OutboundRecord) => void} desktop.offer has the
 *   agent be offered a record that came late
 * @param {() => void} desktop.goOn leads to what comes next when nothing is left here
 */
export function setUpUnsettled({ say, leftOpen, offer, goOn }) {
  const panel = find("#unsettled-panel", HTMLElement);
  const list = find("#unsettled", HTMLOListElement);
  let owner = "";

  /** @param {Element} item */
  function remove(item) {
    const hadFocus = item.contains(document.activeElement);
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    panel.hidden = list.childElementCount === 0;
    if (!hadFocus) return;
    if (next) find("button", HTMLButtonElement, next).focus();
    else goOn();
  }

  /**
   * @param {OutboundClient} client
   * @param {UnsettledCall} call
   * @returns {Remaining}
   */
  function add(client, call) {
    const { method, request, referenceId, delivery, sentAt, settled } = call;
    const { title, subject, facts } = describeOperation(method, request);
    const tag = element("span", { class: "tag warn" }, "Waiting");
    const words = element("p", { class: "outcome" }, describeDelivery(delivery));
    const until = element("p", { class: "until" });
    const button = element("button", { type: "button", class: "button quiet" });
    const item = element(
      "li",
      { "data-testid": "unsettled-call", "data-outcome": "pending" },
      element("h3", {}, `${title}: ${subject}`),
      tag,
      element(
        "p",
        { class: "muted" },
        [facts, `sent ${sentAt.toLocaleString()}`].filter(Boolean).join(" · "),
      ),
      words,
      until,
      button,
    );
    const stopTelling = tellUntil(call, until);
    const ended = leftOpen.begin();
    let checked = false;
    name("I have checked it");

    /** @param {string} label */
    function name(label) {
      button.textContent = label;
      button.setAttribute("aria-label", `${label}: ${title}, ${subject}`);
    }

    /**
     * @param {"resolved" | "error"} outcome
     * @param {{ text: string, look: "good" | "warn" | "bad" }} summary
     * @param {string} text
     */
    function end(outcome, summary, text) {
      item.dataset.outcome = outcome;
      stopTelling();
      until.remove();
      tag.className = `tag ${summary.look}`;
      tag.textContent = summary.text;
      words.textContent = text;
      name("Dismiss");
      say(`${title}, ${subject}: ${text}`);
    }

    button.addEventListener("click", async () => {
      if (item.dataset.outcome === "pending") {
        checked = true;
        await client.forget(referenceId).catch(() => {}); // without a client nothing is listed
      }
      remove(item);
    });
    list.append(item);

    const outcome = settled.then(
      (/** @type {any} */ value) => {
        ended();
        end("resolved", { text: "Acknowledged", look: "good" }, `${describeDone(method, value)}.`);
        if (method === "getPreviewRecord" && value) offer(value);
        return { value };
      },
      (/** @type {unknown} */ thrown) => {
        stopTelling();
        const error = asOutboundError(thrown);
        ended(checked ? undefined : error);
        if (checked) return /** @type {const} */ ({ checked: true });
        if (isOfTheClient(error)) remove(item);
        else {
          const { text, certain } = summarizeDelivery(error.delivery);
          const look = certain ? "bad" : "warn";
          end(
            "error",
            { text, look },
            `${error.code}: ${error.message}. ${describeDelivery(error.delivery)}`,
          );
        }
        return { error };
      },
    );
    return { method, request, delivery, outcome };
  }

  function clear() {
    list.replaceChildren();
    panel.hidden = true;
  }

  return {
    /**
     * Lists what earlier pages have left.
     *
     * @param {OutboundClient} client
     * @param {UnsettledCall[]} calls its own list
     * @param {import("./connection.js").Place} place where one is signed in; what was listed of
     *   another agent, or server, is dropped
     * @returns {Remaining[]}
     */
    open(client, calls, place) {
      if (owner !== ownerOf(place)) clear();
      owner = ownerOf(place);
      const remaining = calls.map((call) => add(client, call));
      panel.hidden = list.childElementCount === 0;
      if (calls.length === 1) say("1 operation from before has no answer yet.");
      else if (calls.length > 1) say(`${calls.length} operations from before have no answer yet.`);
      return remaining;
    },
    /** Drops everything that is listed. */
    forget: clear,
  };
}

/**
 * Keeps an element saying until when an answer can come.
 *
 * @param {UnsettledCall} call
 * @param {HTMLElement} words
 * @returns {() => void} ends that
 */
function tellUntil({ answered, answerableUntil }, words) {
  let timer = 0;
  const tell = () => {
    const left = answerableUntil ? answerableUntil.getTime() - Date.now() : null;
    if (answered) words.textContent = "Its answer is there.";
    else if (left === null) words.textContent = "An answer can still come.";
    else if (left > 0)
      words.textContent = `An answer can come until ${describeTime(/** @type {Date} */ (answerableUntil))}.`;
    else
      words.textContent =
        "The session that would have brought its answer has ended: look at the record yourself.";
    if (left !== null && left > 0) timer = setTimeout(tell, Math.min(left + 50, 60_000));
  };
  tell();
  return () => clearTimeout(timer);
}

/** @param {Date} time */
const describeTime = (time) =>
  time.toDateString() === new Date().toDateString()
    ? time.toLocaleTimeString()
    : time.toLocaleString();
