// @ts-check

import { endingBy, identify } from "./contact.js";
import { askForNumber, askForTime, askForUpdate, confirmEnding } from "./dialogs.js";
import { describeOperation } from "./operations.js";
import { chainOf } from "./record-add.js";
import { compareRecords, isChangeable, withChange } from "./record-update.js";
import { nameOf, showAdded, showChanges } from "./record-view.js";
import { adviseNumber, adviseRecord, summarizeDelivery } from "./words.js";

/** @typedef {import("../js/dist/index.js").OutboundRecord} OutboundRecord */
/** @typedef {import("./operations.js").OperationError} OperationError */

/**
 * Gives what can be done with the current contact: one operation at a time.
 *
 * @param {object} desk
 * @param {import("./current-contact.js").CurrentContact} desk.current
 * @param {ReturnType<typeof import("./desk-view.js").setUpDeskView>} desk.view
 * @param {import("./operations.js").Perform} desk.perform
 * @param {() => object} desk.settings what a server may leave out of its records
 * @param {() => void} desk.show shows the current contact
 * @param {(whole: boolean, lead?: boolean) => void} desk.finish leads to what comes next when a
 *   number is done with, or the whole contact
 */
export function setUpDeskWork({ current, view, perform, settings, show, finish }) {
  /** @type {AbortController | null} */
  let pending = null;

  /**
   * @param {AbortController | null} controller of what is waited for
   * @param {string} [what] that is
   */
  function setPending(controller, what = "") {
    pending = controller;
    view.setPending(pending && what);
  }

  /**
   * Does something with the present record.
   *
   * @param {import("./operations.js").Method} method
   * @param {object} more of the request
   * @returns what it came to; null if it was not begun
   */
  async function attempt(method, more) {
    const { number } = current;
    if (!number || pending) return null;
    const controller = new AbortController();
    view.clearNotices();
    const request = { ...identify(number.record, settings(), method), ...more };
    const { title, subject } = describeOperation(method, request);
    setPending(controller, `${title}, ${subject}`);
    const done = await perform(method, request, { signal: controller.signal });
    setPending(null);
    if (done?.error) (method === "addRecord" ? failToAdd : fail)(done.error);
    return done && { ...done, number };
  }

  /** @param {OperationError} error of a number that was to be added */
  function failToAdd(error) {
    view.showError(error, adviseNumber(error.delivery));
    if (!summarizeDelivery(error.delivery).certain) getChain(); // which shows whether it was
  }

  /** @param {OperationError} error of what was done with the present record */
  function fail(error) {
    view.showError(error, adviseRecord(error.delivery));
    view.offerPutAside();
    show();
  }

  /**
   * Ends the present number by an operation.
   *
   * @param {import("./operations.js").Method} method
   * @param {object} more of the request
   */
  async function end(method, more) {
    const done = await attempt(method, more);
    if (done && !done.error) conclude(done.number, method, more, done.value);
  }

  /**
   * Has the desk show what was done with a number.
   *
   * @param {import("./contact.js").PhoneNumber} number
   * @param {string} method
   * @param {any} request
   * @param {any} value what the client gave
   * @param {boolean} [lead] whether the focus goes to what comes next
   */
  function conclude(number, method, request, value, lead = true) {
    if (method === "updateRecord") {
      const before = number.record;
      number.record = withChange(before, request, value?.record);
      show();
      showChanges(compareRecords(before, number.record));
      return;
    }
    if (method === "addRecord") {
      showAdded(request, chainOf(number.record) !== undefined);
      getChain();
      return;
    }
    const { ended, whole } = endingBy(method, request);
    number.ended = ended;
    finish(whole, lead);
  }

  /**
   * Does what leaves the agent the record, and asks again while the client refuses what was typed.
   *
   * @param {"updateRecord" | "addRecord"} method
   * @param {(record: OutboundRecord, problems?: readonly import("./field-problems.js").Problem[]) => Promise<object | null>} ask
   */
  async function askAndAttempt(method, ask) {
    /** @type {readonly import("./field-problems.js").Problem[] | undefined} */
    let problems;
    do {
      const before = current.number?.record;
      const typed = before && (await ask(before, problems));
      const done = typed && (await attempt(method, typed));
      if (!done) return;
      if (!done.error) conclude(done.number, method, typed, done.value);
      problems = done.error?.problems;
    } while (problems?.some(({ field }) => isChangeable(field)));
  }

  /** Adds the other numbers of the contact that are not here yet. */
  async function getChain() {
    const { contact, number } = current;
    if (!number) return;
    const request = identify(number.record, settings(), "getChainedRecords");
    const done = await perform("getChainedRecords", request);
    if (current.contact !== contact || !done || done.error) return; // the timeline shows the error
    current.add(done.value);
    show();
  }

  async function reschedule() {
    const when = await askForTime();
    if (when) await end("rescheduleRecord", when);
  }

  /** @param {"doNotCallRecord" | "cancelRecord"} method */
  async function confirmAndEnd(method) {
    const record = current.number?.record;
    if (!record) return;
    const answer = await confirmEnding(method, `${nameOf(record)}, ${record.phoneNumber ?? ""},`);
    if (answer) await end(method, answer);
  }

  /** @type {Record<string, () => Promise<unknown>>} */
  const actions = {
    update: () => askAndAttempt("updateRecord", askForUpdate),
    addNumber: () => askAndAttempt("addRecord", askForNumber),
    reject: () => end("rejectRecord", {}),
    reschedule,
    doNotCall: () => confirmAndEnd("doNotCallRecord"),
    cancel: () => confirmAndEnd("cancelRecord"),
  };

  return {
    /** @returns {AbortController | null} of what is waited for */
    get pending() {
      return pending;
    },
    setPending,
    fail,
    conclude,
    getChain,
    /** @param {string} action as in index.html */
    act: (action) => actions[action]?.(),
    /** @param {string} callResult */
    complete: (callResult) => end("completeRecord", { callResult }),
  };
}
