// @ts-check

import { element, find } from "./dom.js";
import { clearProblem, clearProblems, showProblems } from "./field-problems.js";
import { chainOf, readNumber, suggestNumber } from "./record-add.js";
import { asTyped, phoneTypes, readChange } from "./record-update.js";

/** @typedef {import("./field-problems.js").Problem} Problem */

/** What the confirmation says, by the operation. */
const questions = {
  doNotCallRecord: {
    title: "Do not call again?",
    text: "goes on the Do Not Call list. This cannot be undone here.",
    confirm: "Do not call again",
  },
  cancelRecord: {
    title: "Cancel this record?",
    text: "is not called any more in this campaign. This cannot be undone here.",
    confirm: "Cancel the record",
  },
};

const forgetting = {
  title: "Disconnect and forget?",
  text: "For a computer that others use too: what is unsettled, the record on the desk, the timeline and the password are removed from this browser. The server goes on counting the record as yours.",
  confirm: "Disconnect and forget",
};

/**
 * Asks for a confirmation, and whether it is about all numbers of the contact.
 *
 * @param {keyof typeof questions} operation
 * @param {string} whom
 * @returns {Promise<{ chainAttribute: "RecordOnly" | "AllChain" } | null>} null: the agent does not want it
 */
export async function confirmEnding(operation, whom) {
  const { title, text, confirm } = questions[operation];
  const answer = await askToConfirm({ title, text: `${whom} ${text}`, confirm }, true);
  return answer && { chainAttribute: /** @type {any} */ (answer.get("chainAttribute")) };
}

/**
 * Asks whether nothing of the agent's work is to stay in this browser.
 *
 * @returns {Promise<boolean>}
 */
export async function confirmForgetting() {
  return (await askToConfirm(forgetting, false)) !== null;
}

/**
 * @param {{ title: string, text: string, confirm: string }} words
 * @param {boolean} ofChain whether it is to be said which numbers of the contact it is about
 */
function askToConfirm({ title, text, confirm }, ofChain) {
  const dialog = find("#confirm-dialog", HTMLDialogElement);
  find("#confirm-title", HTMLElement).textContent = title;
  find("#confirm-text", HTMLElement).textContent = text;
  find("button[type=submit]", HTMLButtonElement, dialog).textContent = confirm;
  find("fieldset", HTMLFieldSetElement, dialog).hidden = !ofChain;
  find("form", HTMLFormElement, dialog).reset(); // all numbers are not to be ended by an earlier choice
  return ask(dialog, () => []);
}

/**
 * Asks when to call again, and who does.
 *
 * @returns {Promise<{ timestamp: Date, callbackType: "Personal" | "Campaign" } | null>} null: the agent does not want it
 */
export async function askForTime() {
  const dialog = find("#reschedule-dialog", HTMLDialogElement);
  const input = find("#reschedule-at", HTMLInputElement);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  find("#reschedule-hint", HTMLElement).textContent = `By this machine's clock (${zone}).`;
  const tomorrow = new Date(Date.now() + 86_400_000);
  tomorrow.setMinutes(0, 0, 0);
  input.value = asLocal(tomorrow);
  const answer = await ask(dialog, (form) => {
    const at = new Date(String(form.get("timestamp"))).getTime();
    if (at > Date.now()) return [];
    const message = Number.isNaN(at) ? "Choose a day and a time." : "Choose a time to come.";
    return [{ field: "timestamp", message }];
  });
  return (
    answer && {
      timestamp: new Date(String(answer.get("timestamp"))),
      callbackType: /** @type {any} */ (answer.get("callbackType")),
    }
  );
}

/**
 * Asks what to change of a record.
 *
 * @param {import("../js/dist/index.js").OutboundRecord} record
 * @param {readonly Problem[]} [problems] of what the dialog was answered with before, and still has
 * @returns {Promise<import("./record-update.js").Change | null>} null: the agent does not want it
 */
export async function askForUpdate(record, problems) {
  const dialog = find("#update-dialog", HTMLDialogElement);
  offerTypes(find("#update-phoneType", HTMLSelectElement));
  if (!problems) fill(dialog, asTyped(record));
  const answer = await ask(dialog, (form) => readChange(form, record).problems, problems);
  return answer && readChange(answer, record).change;
}

/**
 * Asks for another number of a contact.
 *
 * @param {import("../js/dist/index.js").OutboundRecord} record one that the contact has
 * @param {readonly Problem[]} [problems] of what the dialog was answered with before, and still has
 * @returns {Promise<import("./record-add.js").NewNumber | null>} null: the agent does not want it
 */
export async function askForNumber(record, problems) {
  const dialog = find("#add-dialog", HTMLDialogElement);
  offerTypes(find("#add-phoneType", HTMLSelectElement));
  find("#add-text", HTMLElement).textContent =
    chainOf(record) === undefined
      ? "The server does not say which numbers belong to this contact: this one becomes a contact of its own."
      : "It goes to the other numbers of this contact.";
  if (!problems) fill(dialog, suggestNumber(record));
  const answer = await ask(dialog, (form) => readNumber(form).problems, problems);
  return answer && readNumber(answer).number;
}

/** @param {HTMLSelectElement} select that has no phone types yet, or has them */
function offerTypes(select) {
  if (select.querySelector("[value=Mobile]")) return;
  select.append(...phoneTypes.map((value) => element("option", { value }, value)));
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {[name: string, text: string][]} typed
 */
function fill(dialog, typed) {
  for (const [name, text] of typed) {
    const control = find(`[name=${name}]`, HTMLElement, dialog);
    /** @type {HTMLInputElement | HTMLSelectElement} */ (control).value = text;
  }
}

/** Who waits for an answer of which dialog. @type {Map<HTMLDialogElement, () => void>} */
const waiting = new Map();

/**
 * Opens a dialog for one answer. The browser keeps the focus inside, closes it by Escape, and gives
 * the focus back afterwards.
 *
 * @param {HTMLDialogElement} dialog with a form, and a button with data-role "back"
 * @param {(form: FormData) => readonly Problem[]} check
 * @param {readonly Problem[]} [problems] to begin with
 * @returns {Promise<FormData | null>}
 */
function ask(dialog, check, problems = []) {
  const form = find("form", HTMLFormElement, dialog);
  const back = find("[data-role=back]", HTMLButtonElement, dialog);
  const over = new AbortController();
  const { signal } = over;
  waiting.get(dialog)?.();
  clearProblems(form);
  dialog.showModal();
  showProblems(form, problems);
  return new Promise((resolve) => {
    /** @param {FormData | null} answer */
    const end = (answer) => {
      over.abort();
      resolve(answer);
    };
    waiting.set(dialog, () => end(null));
    form.addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        clearProblems(form);
        const answer = new FormData(form);
        const wrong = check(answer);
        if (wrong.length > 0) return showProblems(form, wrong);
        dialog.close();
        end(answer);
      },
      { signal },
    );
    form.addEventListener(
      "input",
      ({ target }) => {
        if (target instanceof HTMLInputElement) clearProblem(target);
      },
      { signal },
    );
    back.addEventListener("click", () => dialog.close(), { signal });
    dialog.addEventListener(
      "close",
      () => {
        // It comes late: the dialog may be open again, for somebody else's question.
        if (!dialog.open) end(null);
      },
      { signal },
    );
  });
}

/** @param {Date} date as an input of type datetime-local has it */
function asLocal(date) {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
