// @ts-check

import { element, find, icon } from "./dom.js";
import { setUpFavourites } from "./favourites.js";
import { errorNotice } from "./notice.js";
import { clearRecord, showRecord } from "./record-view.js";

/**
 * Takes over the panel of the desk: what it shows, and what the agent does there.
 *
 * @param {object} desk
 * @param {{ readonly [name: string]: number }} desk.callResults names and codes
 * @param {(index: number) => void} desk.workOn has another number of the contact be worked on
 * @param {(action: string) => void} desk.act does what a button is for, by its data-action
 * @param {(callResult: string) => void} desk.complete
 * @param {() => void} desk.putAside
 * @param {() => void} desk.stop stops waiting
 */
export function setUpDeskView({ callResults, workOn, act, complete, putAside, stop }) {
  const panel = find("#desk", HTMLElement);
  const empty = find("#desk-empty", HTMLElement);
  const work = find("#desk-work", HTMLElement);
  const title = find("#record-name", HTMLElement);
  const problem = find("#desk-problem", HTMLElement);
  const changes = find("#record-changes", HTMLElement);
  const form = find("#complete-form", HTMLFormElement);
  const completeButton = find("#complete-record", HTMLButtonElement);
  const waiting = find("#waiting", HTMLElement);
  const waitingFor = find("#waiting-for", HTMLElement);
  const stopButton = find("#stop", HTMLButtonElement);
  const putAsideButton = find("#put-aside", HTMLButtonElement);
  const actions = [...work.querySelectorAll("[data-action]")];
  let pending = false;

  const results = setUpFavourites({ callResults, onChoice: showChoice });

  /** @param {string} name */
  function showChoice(name) {
    completeButton.textContent = name ? `Complete: ${name}` : "Complete";
  }

  /** Disabling what has the focus would drop it, so it only says that it does nothing now. */
  function showPending() {
    const others = work.querySelectorAll("#chain-numbers button");
    for (const button of [...actions, ...others])
      button.setAttribute("aria-disabled", String(pending));
  }

  for (const button of actions)
    button.addEventListener("click", () => {
      if (!pending) act(button.getAttribute("data-action") ?? "");
    });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (results.chosen === "") find("#result", HTMLSelectElement).focus();
    else complete(results.chosen);
  });
  stopButton.addEventListener("click", stop);
  putAsideButton.addEventListener("click", () => {
    if (!pending) putAside();
  });
  panel.addEventListener("keydown", (event) => {
    if (work.hidden || pending || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!results.pick(event.key)) return;
    event.preventDefault();
    completeButton.focus();
  });

  return {
    /** @param {import("./contact.js").Contact | null} contact */
    show(contact) {
      empty.hidden = contact !== null;
      work.hidden = contact === null;
      if (contact) showRecord(contact.numbers, contact.at, workOn);
      else clearRecord();
      showPending();
    },
    /** @param {string | null} what the agent can only wait for now, or stop waiting; null for nothing */
    setPending(what) {
      pending = what !== null;
      showPending();
      if (!pending && document.activeElement === stopButton) completeButton.focus();
      waitingFor.textContent = what === null ? "" : `Waiting for the answer: ${what}`;
      waiting.hidden = !pending;
    },
    /**
     * @param {import("./operations.js").OperationError} error
     * @param {string} advice
     */
    showError(error, advice) {
      problem.replaceChildren(errorNotice(error, advice));
    },
    /**
     * @param {"wait" | "alert"} sign
     * @param {string} words
     */
    showNotice(sign, words) {
      problem.replaceChildren(element("p", { class: "notice" }, icon(sign), words));
    },
    /** Drops what was said of an operation. */
    clearNotices() {
      problem.replaceChildren();
      changes.replaceChildren();
    },
    /** Offers to put the number aside. */
    offerPutAside() {
      putAsideButton.hidden = false;
    },
    /** Leaves nothing of what was said and chosen for another number. */
    reset() {
      this.clearNotices();
      putAsideButton.hidden = true;
      results.choose("");
    },
    /** Leads to the record. */
    lead: () => title.focus(),
    /** @returns {boolean} */
    get hasFocus() {
      return panel.contains(document.activeElement);
    },
  };
}
