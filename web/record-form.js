// @ts-check

import { setUpCombobox } from "./combobox.js";
import { find } from "./dom.js";
import { clearProblem, clearProblems, showProblems } from "./field-problems.js";

/** @typedef {import("../js/dist/index.js").CompleteRecordRequest} CompleteRecordRequest */

/**
 * Takes over the form that completes a record typed by hand: one completion at a time, which can
 * be cancelled.
 *
 * @param {object} desktop
 * @param {{ readonly [name: string]: number }} desktop.callResults names and codes
 * @param {import("./operations.js").Perform} desktop.perform
 */
export function setUpRecordForm({ callResults, perform }) {
  const form = find("#record", HTMLFormElement);
  const completeButton = find("#complete", HTMLButtonElement);
  const cancelButton = find("#cancel", HTMLButtonElement);
  /** @type {AbortController | null} */
  let pending = null;

  const describeCallResult = setUpCallResult(callResults);

  /** @param {AbortController | null} controller */
  function setPending(controller) {
    pending = controller;
    // Disabling the button would drop the focus, so it only says that it does nothing now.
    completeButton.setAttribute("aria-disabled", String(pending !== null));
    if (!pending && document.activeElement === cancelButton) completeButton.focus();
    cancelButton.hidden = pending === null;
  }

  async function complete() {
    if (pending) return;
    clearProblems(form);
    const controller = new AbortController();
    setPending(controller);
    const done = await perform("completeRecord", readRequest(form), { signal: controller.signal });
    setPending(null);
    if (done?.error) showProblems(form, done.error.problems);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    complete();
  });
  cancelButton.addEventListener("click", () =>
    pending?.abort(new DOMException("Cancelled by the agent.", "AbortError")),
  );
  for (const type of ["input", "change"])
    form.addEventListener(type, ({ target }) => {
      if (target instanceof HTMLInputElement) clearProblem(target);
    });

  return {
    forget() {
      form.reset();
      clearProblems(form);
      describeCallResult();
    },
  };
}

/**
 * @param {HTMLFormElement} form
 * @returns {CompleteRecordRequest} the filled-in fields; whether they are right is for the client to say
 */
function readRequest(form) {
  /** @type {Record<string, string | number>} */
  const request = {};
  for (const [name, value] of new FormData(form)) {
    const text = String(value).trim();
    if (text !== "") request[name] = text;
  }
  // An Integer in the API. A handle stays digits: it may be longer than a JavaScript number holds.
  if (/^\d{1,15}$/.test(String(request.applicationId)))
    request.applicationId = Number(request.applicationId);
  return /** @type {any} */ (request);
}

/**
 * @param {{ readonly [name: string]: number }} callResults
 * @returns {() => void} says beside the field what is in it
 */
function setUpCallResult(callResults) {
  const choices = Object.entries(callResults)
    .map(([name, code]) => ({ name, code }))
    .sort((a, b) => a.code - b.code);
  const input = find("#callResult", HTMLInputElement);
  const hint = find("#callResult-hint", HTMLElement);
  setUpCombobox(find("#callResult-combobox", HTMLElement), choices);

  const tell = () => {
    const name = input.value.trim();
    if (name === "") hint.textContent = "None is sent.";
    else if (Object.hasOwn(callResults, name)) hint.textContent = `Code ${callResults[name]}`;
    else hint.textContent = `Not one of the ${choices.length} names; other spellings may pass.`;
  };
  for (const type of ["input", "change"]) input.addEventListener(type, tell);
  tell();
  return tell;
}
