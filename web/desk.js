// @ts-check

import { askForTime, askForUpdate, confirmEnding } from "./dialogs.js";
import { find } from "./dom.js";
import { setUpFavourites } from "./favourites.js";
import { errorNotice } from "./notice.js";
import { compareRecords, isChangeable, withChange } from "./record-update.js";
import { nameOf, showChanges, showRecord } from "./record-view.js";
import { keep, recall } from "./stored.js";
import { adviseRecord } from "./words.js";

/** @typedef {import("../js/dist/index.js").OutboundRecord} OutboundRecord */
/** @typedef {{ record: OutboundRecord, ended: string }} PhoneNumber one record of the contact; `ended`: how, "" while it has not */
/** @typedef {{ numbers: PhoneNumber[], at: number }} Contact `at`: the one that is worked on */

const key = "gws-outbound.desk";

/**
 * Takes over the record that the agent works on, with the other numbers of its contact. It
 * outlives a reload: the server goes on counting it as the agent's.
 *
 * @param {object} desktop
 * @param {{ readonly [name: string]: number }} desktop.callResults names and codes
 * @param {import("./operations.js").Perform} desktop.perform
 * @param {() => object} desktop.settings what a server may leave out of its records
 * @param {(free: boolean) => void} desktop.onChange is told whether the agent has no record
 * @param {() => void} desktop.goOn leads to what comes next when a record is done with
 */
export function setUpDesk({ callResults, perform, settings, onChange, goOn }) {
  const panel = find("#desk", HTMLElement);
  const empty = find("#desk-empty", HTMLElement);
  const work = find("#desk-work", HTMLElement);
  const title = find("#record-name", HTMLElement);
  const problem = find("#desk-problem", HTMLElement);
  const changes = find("#record-changes", HTMLElement);
  const form = find("#complete-form", HTMLFormElement);
  const completeButton = find("#complete-record", HTMLButtonElement);
  const stop = find("#stop", HTMLButtonElement);
  const putAside = find("#put-aside", HTMLButtonElement);
  const actions = [...work.querySelectorAll("[data-action]")];
  /** @type {Contact | null} */
  let contact = null;
  /** Whose the desk is; "" before anybody is signed in. */
  let owner = "";
  /** @type {AbortController | null} */
  let pending = null;

  const results = setUpFavourites({ callResults, onChoice: showChoice });

  /** @param {string} name */
  function showChoice(name) {
    completeButton.textContent = name ? `Complete: ${name}` : "Complete";
  }

  function show() {
    empty.hidden = contact !== null;
    work.hidden = contact === null;
    if (owner) keep("sessionStorage", key, contact && { owner, ...contact });
    onChange(contact === null);
    if (contact) showRecord(contact.numbers, contact.at, workOn);
  }

  /** @param {AbortController | null} controller */
  function setPending(controller) {
    pending = controller;
    // Disabling what has the focus would drop it, so it only says that it does nothing now.
    for (const button of actions) button.setAttribute("aria-disabled", String(pending !== null));
    if (!pending && document.activeElement === stop) completeButton.focus();
    stop.hidden = pending === null;
  }

  /** @param {number} index */
  function workOn(index) {
    if (!contact || pending) return;
    contact.at = index;
    begin();
  }

  /** Shows the record that is to be worked on now, and leads to it. */
  function begin() {
    problem.replaceChildren();
    changes.replaceChildren();
    putAside.hidden = true;
    results.choose("");
    show();
    title.focus();
  }

  /**
   * Does something with the present record.
   *
   * @param {"completeRecord" | "updateRecord" | "rejectRecord" | "cancelRecord" | "doNotCallRecord" | "rescheduleRecord"} method
   * @param {object} more of the request
   * @returns what it came to; null if it was not begun
   */
  async function attempt(method, more) {
    const number = contact?.numbers[contact.at];
    if (!number || pending) return null;
    const controller = new AbortController();
    problem.replaceChildren();
    changes.replaceChildren();
    setPending(controller);
    const request = { ...identify(number.record, settings(), method), ...more };
    const done = await perform(method, request, { signal: controller.signal });
    setPending(null);
    if (done?.error) {
      problem.replaceChildren(errorNotice(done.error, adviseRecord(done.error.delivery)));
      putAside.hidden = false;
      show();
    }
    return done && { ...done, number };
  }

  /**
   * Does what the present number is done with then.
   *
   * @param {Parameters<typeof attempt>[0]} method
   * @param {object} more of the request
   * @param {string} ended what is to be said of the number then
   * @param {boolean} whole all numbers of the contact are done with then
   */
  async function settle(method, more, ended, whole) {
    const done = await attempt(method, more);
    if (!done || done.error) return;
    done.number.ended = ended;
    finish(whole);
  }

  /** Changes the present record, which stays. */
  async function update() {
    /** @type {readonly import("./field-problems.js").Problem[] | undefined} */
    let problems;
    do {
      const before = contact?.numbers[contact.at]?.record;
      const change = before && (await askForUpdate(before, problems));
      const done = change && (await attempt("updateRecord", change));
      if (!done) return;
      if (!done.error) {
        done.number.record = withChange(before, change, done.value?.record);
        show();
        showChanges(compareRecords(before, done.number.record));
      }
      problems = done.error?.problems;
    } while (problems?.some(({ field }) => isChangeable(field)));
  }

  /** @param {boolean} whole */
  function finish(whole) {
    const left = whole || !contact ? -1 : contact.numbers.findIndex(({ ended }) => ended === "");
    if (contact && left >= 0) {
      contact.at = left;
      return begin();
    }
    contact = null;
    problem.replaceChildren();
    show();
    goOn();
  }

  /** Adds the other numbers of the contact. */
  async function getChain() {
    const mine = contact;
    const first = mine?.numbers[0];
    if (!mine || !first) return;
    const done = await perform(
      "getChainedRecords",
      identify(first.record, settings(), "getChainedRecords"),
    );
    if (contact !== mine || !done || done.error) return; // the timeline tells of the error
    for (const record of done.value) mine.numbers.push({ record, ended: "" });
    show();
  }

  /** @type {Record<string, () => Promise<unknown>>} */
  const choices = {
    update,
    async reject() {
      await settle("rejectRecord", {}, "rejected", true);
    },
    async reschedule() {
      const when = await askForTime();
      if (when) await settle("rescheduleRecord", when, "rescheduled", false);
    },
    doNotCall: () => endFor("doNotCallRecord", "not to be called"),
    cancel: () => endFor("cancelRecord", "cancelled"),
  };

  /**
   * @param {"doNotCallRecord" | "cancelRecord"} method
   * @param {string} ended
   */
  async function endFor(method, ended) {
    const record = contact?.numbers[contact.at]?.record;
    if (!record) return;
    const answer = await confirmEnding(method, `${nameOf(record)}, ${record.phoneNumber ?? ""},`);
    if (answer) await settle(method, answer, ended, answer.chainAttribute === "AllChain");
  }

  for (const button of actions)
    button.addEventListener("click", () => {
      const choice = choices[button.getAttribute("data-action") ?? ""];
      if (!pending) choice?.();
    });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { chosen } = results;
    if (chosen === "") return find("#result", HTMLSelectElement).focus();
    // Who was reached is not called at the other numbers.
    settle("completeRecord", { callResult: chosen }, chosen, chosen === "Answer");
  });
  stop.addEventListener("click", () =>
    pending?.abort(new DOMException("The agent stopped waiting.", "AbortError")),
  );
  putAside.addEventListener("click", () => {
    if (pending || !contact) return;
    const number = contact.numbers[contact.at];
    if (number) number.ended = "put aside";
    finish(false);
  });
  panel.addEventListener("keydown", (event) => {
    if (!contact || pending || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!results.pick(event.key)) return;
    event.preventDefault();
    completeButton.focus();
  });

  show();

  return {
    /** @returns {boolean} whether the agent has no record */
    get isFree() {
      return contact === null;
    },
    /**
     * Has the agent work on a record.
     *
     * @param {OutboundRecord} record
     */
    take(record) {
      contact = { numbers: [{ record, ended: "" }], at: 0 };
      begin();
      getChain();
    },
    /**
     * @param {unknown} recordHandle
     * @returns {boolean} whether it is here
     */
    has(recordHandle) {
      return (
        contact?.numbers.some(
          ({ record }) => String(record.recordHandle) === String(recordHandle),
        ) ?? false
      );
    },
    /**
     * @param {string} phoneNumber
     * @returns {boolean} whether the agent still has to do with it
     */
    hasNumber(phoneNumber) {
      return (
        contact?.numbers.some(
          ({ record, ended }) => ended === "" && record.phoneNumber === phoneNumber,
        ) ?? false
      );
    },
    /**
     * Somebody is signed in. What the desk had of another agent, or server, is dropped.
     *
     * @param {import("./connection.js").Place} place
     */
    open({ server, user }) {
      owner = `${user} at ${server}`;
      const kept = recall("sessionStorage", key, isKept);
      contact = kept?.owner === owner ? { numbers: kept.numbers, at: kept.at } : null;
      show();
    },
  };
}

/**
 * @param {OutboundRecord} record
 * @param {object} settings
 * @param {string} method
 * @returns what every operation on a record needs
 */
function identify(record, settings, method) {
  const { recordHandle, applicationId, campaignName, callingList, devicePath } = record;
  const own = { applicationId, campaignName, devicePath };
  const given = Object.fromEntries(
    Object.entries(own).filter(([, value]) => value !== undefined && value !== ""),
  );
  const inList = ["rescheduleRecord", "getChainedRecords"].includes(method) ? {} : { callingList };
  /** @type {any} */
  const all = { ...settings, ...given, ...inList, recordHandle };
  return { ...all, applicationId: Number(all.applicationId) };
}

/**
 * @param {any} value
 * @returns {value is Contact & { owner: string }}
 */
function isKept(value) {
  return (
    typeof value?.owner === "string" &&
    Array.isArray(value.numbers) &&
    value.numbers.every(
      (/** @type {any} */ number) =>
        typeof number?.record === "object" && number.record && typeof number.ended === "string",
    ) &&
    value.numbers[value.at]?.record !== undefined
  );
}
