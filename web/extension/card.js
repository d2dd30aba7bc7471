import { ask } from "./background.js";
import { mayBeProcessed } from "./delivery.js";
import { element, icon } from "./shared/dom.js";
import { describeDelivery, summarizeDelivery } from "./shared/words.js";

/** @typedef {import("./completions.js").Completion} Completion */

/** One completion: which record, how it stands, what is to be done. */
export class Card {
  element = element("li", { class: "card", "data-testid": "completion" });
  #announce;
  #shown = "";
  /** @type {string | undefined} */
  #state;

  /** @param {(words: string) => void} announce tells assistive technology how it ended */
  constructor(announce) {
    this.#announce = announce;
  }

  /**
   * @param {Completion} completion
   * @returns {void}
   */
  show(completion) {
    const now = JSON.stringify(completion);
    if (now === this.#shown) return; // what has the focus in it, keeps it
    this.#shown = now;
    const { request, state, delivery, error } = completion;
    const { text, symbol } = sumUp(completion);
    Object.assign(this.element.dataset, {
      state,
      delivery,
      code: error?.code ?? "",
      reference: request.referenceId,
    });
    this.element.replaceChildren(
      element(
        "div",
        { class: "card-head" },
        element("h3", {}, `Record ${request.recordHandle ?? "?"}`),
        element("span", { class: "badge" }, icon(symbol), text),
        element("p", { class: "muted" }, facts(completion)),
      ),
      ...body(completion),
    );
    if (this.#state === "pending" && state !== "pending")
      this.#announce(`Record ${request.recordHandle}: ${text}.`);
    this.#state = state;
  }
}

/**
 * @param {Completion} completion
 * @returns {{ text: string, symbol: Parameters<typeof icon>[0] }}
 */
function sumUp({ state, delivery }) {
  if (state === "pending") return { text: "Pending", symbol: "wait" };
  if (state === "resolved") return { text: "Acknowledged", symbol: "check" };
  if (state === "interrupted") return { text: "Interrupted", symbol: "alert" };
  const { text, certain } = summarizeDelivery(delivery);
  return { text, symbol: certain ? "cross" : "alert" };
}

/** @param {Completion} completion */
function facts({ request, startedAt, endedAt, state }) {
  const time = new Date(startedAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const took = state === "resolved" ? `after ${duration(endedAt - startedAt)}` : "";
  return [request.callResult, request.campaignName, time, took].filter(Boolean).join(" · ");
}

/** @param {number} ms */
function duration(ms) {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** @param {Completion} completion */
function body(completion) {
  const { state, delivery, error } = completion;
  if (state === "pending" || state === "resolved") return [];
  const message =
    state === "interrupted"
      ? "The browser stopped the extension while this was pending, so its outcome was not heard."
      : error.message;
  return [
    element("p", { class: "message" }, message),
    element(
      "p",
      { class: "delivery", "data-delivery": delivery, "data-testid": "delivery" },
      describeDelivery(delivery),
      " ",
      element("code", {}, delivery),
    ),
    actions(completion),
  ];
}

/** @param {Completion} completion */
function actions({ request: { referenceId }, delivery, error }) {
  const bar = element("div", { class: "actions" });
  const problem = element("p", { class: "field-problem", role: "alert" });
  const order = (name) => async () => {
    try {
      await ask(name, { referenceId });
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  // What nothing came of may be sent again freely, all else only by who has read what that can do.
  const again = () =>
    mayBeProcessed(delivery)
      ? button("Send again…", "again", confirm)
      : button("Send again", "again", order("again"));
  const offer = () => [
    button("Dismiss", "dismiss", order("dismiss")),
    ...(error?.code === "INVALID_REQUEST" ? [] : [again()]), // which would be as wrong again
    problem,
  ];
  const confirm = () => {
    const keep = button("Don’t send", "keep", () => {
      bar.replaceChildren(...offer());
      bar.querySelector("[data-testid=again]")?.focus();
    });
    bar.replaceChildren(
      element(
        "p",
        { class: "warning", role: "alert" },
        "GWS may then process this record twice. Look at the record first.",
      ),
      keep,
      button("Send it again", "confirm-again", order("again"), "danger"),
      problem,
    );
    keep.focus(); // so that a second Enter does no harm
  };
  bar.replaceChildren(...offer());
  return bar;
}

/**
 * @param {string} text
 * @param {string} testid
 * @param {() => void} action
 * @param {string} [look]
 */
function button(text, testid, action, look = "") {
  const made = element(
    "button",
    { type: "button", class: `button quiet ${look}`, "data-testid": testid },
    text,
  );
  made.addEventListener("click", action);
  return made;
}
