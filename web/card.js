// @ts-check

import { element, icon } from "./dom.js";
import { describeDelivery, summarizeDelivery } from "./words.js";

/** @typedef {ReturnType<typeof import("./words.js").asOutboundError>} CardError */
/** @typedef {import("./post-times.js").PostTimes} PostTimes */
/** @typedef {"send" | "answer" | "check" | "cross" | "alert" | "wait" | "retry"} MomentIcon */

let count = 0;

/** One operation: a heading, how it ended, and what happened when. */
export class Card {
  /** When it was asked for, in ms on the clock of performance.now(). */
  startedAt = performance.now();
  /** When it ended, on the same clock; null before. @type {number | null} */
  endedAt = null;
  /** The card, to be placed in the list. */
  element = element("li", { class: "card", "data-testid": "outcome", "data-outcome": "pending" });

  #body = element("div", { class: "card-body", id: `card-${++count}` });
  #toggle = element("button", {
    type: "button",
    "aria-expanded": "true",
    "aria-controls": this.#body.id,
  });
  #badge = element("span", { class: "badge" });
  #moments = element("ol", { class: "moments" });
  #waiting = element(
    "li",
    { class: "moment waiting" },
    icon("wait"),
    element("p", {}, "Waiting for the answer"),
  );
  #posts = 0;
  /** Labels that depend on the outcome, too. @type {{ label: HTMLElement, status: number | null }[]} */
  #responses = [];
  /** @type {CardError | null} */
  #error = null;
  #title;
  #announce;

  /**
   * @param {string} title what is done
   * @param {string} facts more about it
   * @param {(outcome: string) => void} announce tells assistive technology how it ended
   */
  constructor(title, facts, announce) {
    this.#title = title;
    this.#announce = announce;
    this.#toggle.append(icon("chevron"), title);
    this.#toggle.addEventListener("click", () => this.#setOpen(this.#body.hidden === true));
    this.#moments.append(this.#waiting);
    this.#body.append(this.#moments);
    this.#setBadge("Pending", "wait");
    this.element.append(
      element(
        "div",
        { class: "card-head" },
        element("h4", {}, this.#toggle),
        this.#badge,
        element(
          "p",
          { class: "muted" },
          [facts, new Date().toLocaleTimeString()].filter(Boolean).join(" · "),
        ),
      ),
      this.#body,
    );
  }

  /** @returns {boolean} whether its outcome is still to come */
  get isPending() {
    return this.element.dataset.outcome === "pending";
  }

  /**
   * Notes a POST and its answer. They may come after the outcome, and take their place in time.
   *
   * @param {PostTimes} times
   */
  addPost({ sentAt, answeredAt, status }) {
    const label = element("p");
    this.#responses.push({ label, status });
    this.#addMoment(
      sentAt,
      "send",
      element("p", {}, this.#posts++ === 0 ? "POST sent" : "POST sent again"),
    );
    this.#addMoment(answeredAt, "answer", label);
    this.#labelResponses();
  }

  /**
   * Notes what happened to the connection meanwhile.
   *
   * @param {"wait" | "retry" | "check"} symbol
   * @param {string} text
   */
  note(symbol, text) {
    this.#addMoment(performance.now(), symbol, element("p", {}, text));
  }

  /**
   * Ends it with the answer.
   *
   * @param {unknown} data as the client gave it
   * @param {string} said what it says, in a few words
   */
  resolve(data, said) {
    const took = this.#end("resolved", "Acknowledged", "check");
    this.#addMoment(took.at, "check", element("p", {}, said), dataDetails("Event data", data));
    this.#announce(`${this.#title}: ${said} after ${took.text}.`);
  }

  /**
   * Ends it with an error.
   *
   * @param {CardError} error
   */
  reject(error) {
    this.#error = error;
    const { code, message, delivery } = error;
    const { text, certain } = summarizeDelivery(delivery);
    const symbol = certain ? "cross" : "alert";
    const took = this.#end("error", text, symbol);
    this.element.dataset.code = code;
    this.element.dataset.delivery = delivery ?? "";
    const content = [
      element("p", { class: "message" }, message),
      element(
        "p",
        { class: "delivery", "data-delivery": delivery ?? "" },
        describeDelivery(delivery),
      ),
    ];
    const more = errorDetails(error);
    this.#addMoment(
      took.at,
      symbol,
      element("p", {}, element("code", { class: "code" }, code)),
      ...content,
      ...(Object.keys(more).length > 0 ? [dataDetails("Details", more)] : []),
    );
    this.#labelResponses();
    this.#announce(`${this.#title}: ${code} after ${took.text}. ${describeDelivery(delivery)}`);
  }

  /** Makes room for a newer one. */
  becomeEarlier() {
    this.#setOpen(false);
    delete this.element.dataset.testid;
  }

  /**
   * @param {"resolved" | "error"} outcome
   * @param {string} text
   * @param {MomentIcon} symbol
   */
  #end(outcome, text, symbol) {
    const at = performance.now();
    const took = inMilliseconds(at - this.startedAt);
    this.endedAt = at;
    this.#waiting.remove();
    this.element.dataset.outcome = outcome;
    this.#setBadge(text, symbol, element("span", { class: "took" }, `· ${took}`));
    return { at, text: took };
  }

  /**
   * @param {number} at in ms, on the clock of performance.now()
   * @param {MomentIcon} symbol
   * @param {HTMLElement} title
   * @param {...HTMLElement} content
   */
  #addMoment(at, symbol, title, ...content) {
    const after = at - this.startedAt;
    const moment = element(
      "li",
      { class: `moment ${symbol}`, "data-at": String(after) },
      icon(symbol),
      title,
      element("span", { class: "time" }, inMilliseconds(after)),
      ...content,
    );
    const later = [...this.#moments.children].find(
      (other) => Number(other.getAttribute("data-at") ?? Infinity) > after,
    );
    this.#moments.insertBefore(moment, later ?? null);
  }

  #labelResponses() {
    for (const { label, status } of this.#responses)
      label.textContent = describeResponse(status, this.#error);
  }

  /**
   * @param {string} text
   * @param {MomentIcon} symbol
   * @param {...HTMLElement} more
   */
  #setBadge(text, symbol, ...more) {
    this.#badge.replaceChildren(icon(symbol), text, ...more);
  }

  /** @param {boolean} open */
  #setOpen(open) {
    this.#body.hidden = !open;
    this.#toggle.setAttribute("aria-expanded", String(open));
  }
}

/**
 * @param {number | null} status HTTP status, 0 for none, null if it is not known
 * @param {CardError | null} error how the completion ended, if badly
 * @returns {string}
 */
function describeResponse(status, error) {
  if (status === null) return "POST ended";
  if (status === 0) return "POST ended without an HTTP status";
  // GWS also refuses with status 200, in the body, which only the client has read.
  if (status === 200 && (error?.delivery === "rejected" || error?.code === "HTTP_ERROR"))
    return "HTTP 200, but not accepted";
  if (status >= 200 && status < 300) return `HTTP ${status} accepted`;
  if (status >= 400 && status < 500) return `HTTP ${status} refused`;
  return `HTTP ${status} failed`;
}

/**
 * @param {CardError} error
 * @returns {Record<string, unknown>} what its message need not say, only what is there
 */
function errorDetails({ httpStatus, statusCode, statusMessage, referenceId, event, cause }) {
  const all = {
    httpStatus,
    statusCode,
    statusMessage,
    referenceId,
    event,
    cause: cause === undefined ? undefined : String(cause),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== null),
  );
}

/**
 * @param {string} title
 * @param {unknown} data
 */
function dataDetails(title, data) {
  // The box scrolls when the data is wide, so the keyboard must reach it.
  const text = element(
    "pre",
    { tabindex: "0", role: "region", "aria-label": title },
    JSON.stringify(data, null, 2) ?? String(data),
  );
  return element("details", {}, element("summary", {}, title), text);
}

/** @param {number} duration in ms */
const inMilliseconds = (duration) => `${Math.max(0, Math.round(duration))} ms`;
