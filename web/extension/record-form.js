import { ask } from "./background.js";
import { isOpen } from "./delivery.js";
import { CallResult } from "./gws-outbound/index.js";
import { element, find } from "./shared/dom.js";
import { clearProblem, clearProblems, showProblems } from "./shared/field-problems.js";

/** @typedef {import("./completions.js").Completion} Completion */

/** The call results that agents need most, in their words. */
const favourites = {
  Answer: "Answer",
  NoAnswer: "No answer",
  Busy: "Busy",
  AnsweringMachineDetected: "Machine",
  WrongNumber: "Wrong number",
  DoNotCall: "Do not call",
};

/**
 * Takes over the form. What is typed is kept in chrome.storage.local: Chromium closes a popup as
 * soon as the agent clicks beside it.
 *
 * @returns {{ restore(): Promise<void>, follow(completions: Completion[]): void }}
 */
export function setUpRecordForm() {
  const form = find("#record", HTMLFormElement);
  const button = find("#complete", HTMLButtonElement);
  const problem = find("#form-problem", HTMLElement);
  const other = find("#other-result", HTMLSelectElement);
  /** The referenceId of the one that this form has begun. */
  let mine = "";
  /** Whether one is being handed over to the service worker. */
  let asking = false;
  /** The handles of the records that are pending. @type {Set<string>} */
  let pending = new Set();
  /** The handles of the records whose outcome is open. @type {Set<string>} */
  let open = new Set();
  /** The completions whose end this form has dealt with. @type {Set<string>} */
  const ended = new Set();

  setUpResults();
  chrome.storage.onChanged.addListener(({ draft }, area) => {
    if (area === "local" && draft && draft.newValue === undefined) form.reset(); // somebody else has signed in
  });

  /** Other records may be completed meanwhile, but none twice at the same time. */
  const isBusy = () => asking || pending.has(form.recordHandle.value.trim());

  function showBusy() {
    // Disabling the button would drop the focus, so it only says that it does nothing now.
    button.setAttribute("aria-disabled", String(isBusy()));
    button.textContent = isBusy() ? "Waiting for GWS…" : "Complete record";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy()) return;
    clearProblems(form);
    problem.textContent = "";
    const request = readRequest(form);
    if (open.has(request.recordHandle)) {
      problem.textContent =
        "This record may have been processed: send it again above, or dismiss it there first.";
      return;
    }
    if (!request.callResult) {
      problem.textContent = "Choose a call result.";
      return form.querySelector("[name=favourite]").focus();
    }
    mine = crypto.randomUUID();
    asking = true;
    showBusy();
    try {
      await ask("complete", { request: { ...request, referenceId: mine } });
    } catch (error) {
      problem.textContent = `If this record is in no list here, nothing was sent. ${error.message}`;
    } finally {
      asking = false;
      showBusy();
    }
  });
  form.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement) clearProblem(target);
    if (target === other) for (const radio of form.favourite) radio.checked = false;
    else if (target.name === "favourite") other.value = "";
    problem.textContent = "";
    showBusy();
    keepDraft(form);
  });

  /** A record that is completed, or may be, is not left in the form, where it might be completed again. */
  function makeRoom() {
    form.recordHandle.value = "";
    other.value = "";
    for (const radio of form.favourite) radio.checked = false;
    keepDraft(form);
    if (form.contains(document.activeElement)) form.recordHandle.focus();
  }

  return {
    /** Brings back what was typed before the popup was closed, but into no field that has something by now. */
    async restore() {
      const { draft } = await chrome.storage.local.get({ draft: {} });
      for (const [name, value] of Object.entries(draft)) {
        const field = form.elements[name];
        if (field instanceof HTMLInputElement) field.value ||= value;
      }
    },

    /**
     * Shows in the form what became of the record in it.
     *
     * @param {Completion[]} completions
     */
    follow(completions) {
      for (const completion of completions) {
        const { request, state, error } = completion;
        if (state === "pending" || ended.has(request.referenceId)) continue;
        ended.add(request.referenceId);
        const here = request.recordHandle === form.recordHandle.value.trim();
        if (here && (state === "resolved" || isOpen(completion))) makeRoom();
        if (request.referenceId === mine) showProblems(form, error?.problems);
      }
      const handles = (some) => new Set(some.map(({ request }) => request.recordHandle));
      pending = handles(completions.filter(({ state }) => state === "pending"));
      open = handles(completions.filter(isOpen));
      showBusy();
    },
  };
}

function setUpResults() {
  const radios = Object.entries(favourites).map(([name, words]) =>
    element(
      "label",
      { class: "chip", title: name },
      element("input", { type: "radio", name: "favourite", value: name, "data-testid": name }),
      element("span", {}, words),
    ),
  );
  find("#favourites", HTMLElement).append(...radios);
  const others = Object.keys(CallResult).filter((name) => !(name in favourites));
  find("#other-result", HTMLSelectElement).append(
    ...others.sort().map((name) => element("option", { value: name }, name)),
  );
}

/** @param {HTMLFormElement} form */
function keepDraft(form) {
  const draft = readFields(form);
  chrome.storage.local.set({ draft });
}

/** @param {HTMLFormElement} form */
function readFields(form) {
  const names = ["recordHandle", "applicationId", "campaignName", "callingList", "devicePath"];
  return Object.fromEntries(names.map((name) => [name, form[name].value.trim()]));
}

/**
 * @param {HTMLFormElement} form
 * @returns {Completion["request"]} the filled-in fields; whether they are right is for the client to say
 */
function readRequest(form) {
  const filled = Object.entries(readFields(form)).filter(([, value]) => value !== "");
  const request = Object.fromEntries(filled);
  // An Integer in the API. A handle stays digits: it may be longer than a JavaScript number holds.
  if (/^\d{1,15}$/.test(request.applicationId))
    request.applicationId = Number(request.applicationId);
  const callResult = form.favourite.value || find("#other-result", HTMLSelectElement).value;
  return { ...request, ...(callResult && { callResult }) };
}
