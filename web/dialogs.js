// @ts-check

import { find } from "./dom.js";
import { clearProblems, showProblems } from "./field-problems.js";

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

/**
 * Asks for a confirmation, and whether it is about all numbers of the contact.
 *
 * @param {keyof typeof questions} operation
 * @param {string} whom
 * @returns {Promise<{ chainAttribute: "RecordOnly" | "AllChain" } | null>} null: the agent does not want it
 */
export async function confirmEnding(operation, whom) {
  const dialog = find("#confirm-dialog", HTMLDialogElement);
  const { title, text, confirm } = questions[operation];
  find("#confirm-title", HTMLElement).textContent = title;
  find("#confirm-text", HTMLElement).textContent = `${whom} ${text}`;
  find("button[type=submit]", HTMLButtonElement, dialog).textContent = confirm;
  const answer = await ask(dialog, () => []);
  return answer && { chainAttribute: /** @type {any} */ (answer.get("chainAttribute")) };
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

/** Who waits for an answer of which dialog. @type {Map<HTMLDialogElement, () => void>} */
const waiting = new Map();

/**
 * Opens a dialog for one answer. The browser keeps the focus inside, closes it by Escape, and gives
 * the focus back afterwards.
 *
 * @param {HTMLDialogElement} dialog with a form, and a button with data-role "back"
 * @param {(form: FormData) => import("./field-problems.js").Problem[]} check
 * @returns {Promise<FormData | null>}
 */
function ask(dialog, check) {
  const form = find("form", HTMLFormElement, dialog);
  const back = find("[data-role=back]", HTMLButtonElement, dialog);
  const over = new AbortController();
  const { signal } = over;
  waiting.get(dialog)?.();
  clearProblems(form);
  dialog.showModal();
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
        const problems = check(answer);
        if (problems.length > 0) return showProblems(form, problems);
        dialog.close();
        end(answer);
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
