// @ts-check

import { ownerOf } from "./connection.js";
import { endingBy, identify, isKept, isOf } from "./contact.js";
import { askForNumber, askForTime, askForUpdate, confirmEnding } from "./dialogs.js";
import { element, find, icon } from "./dom.js";
import { setUpFavourites } from "./favourites.js";
import { errorNotice } from "./notice.js";
import { describeOperation } from "./operations.js";
import { chainOf } from "./record-add.js";
import { compareRecords, isChangeable, withChange } from "./record-update.js";
import { clearRecord, nameOf, showAdded, showChanges, showRecord } from "./record-view.js";
import { keep, recall } from "./stored.js";
import { adviceOnUnknown, adviseNumber, adviseRecord, summarizeDelivery } from "./words.js";

/** @typedef {import("../js/dist/index.js").OutboundRecord} OutboundRecord */
/** @typedef {import("./contact.js").Contact} Contact */
/** @typedef {import("./contact.js").PhoneNumber} PhoneNumber */
/** @typedef {import("./unsettled.js").Remaining} Remaining */

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
    else clearRecord();
    showPending();
  }

  /** Disabling what has the focus would drop it, so it only says that it does nothing now. */
  function showPending() {
    const others = work.querySelectorAll("#chain-numbers button");
    for (const button of [...actions, ...others])
      button.setAttribute("aria-disabled", String(pending !== null));
  }

  /** @param {AbortController | null} controller */
  function setPending(controller) {
    pending = controller;
    showPending();
    if (!pending && document.activeElement === stop) completeButton.focus();
    stop.hidden = pending === null;
  }

  /** @param {number} index */
  function workOn(index) {
    if (!contact || pending) return;
    contact.at = index;
    begin();
  }

  /**
   * Shows the record that is to be worked on now.
   *
   * @param {boolean} [lead] whether it gets the focus
   */
  function begin(lead = true) {
    problem.replaceChildren();
    changes.replaceChildren();
    putAside.hidden = true;
    results.choose("");
    show();
    if (lead) title.focus();
  }

  /**
   * Does something with the present record.
   *
   * @param {import("./operations.js").Method} method
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
    if (done?.error) (method === "addRecord" ? failToAdd : fail)(done.error);
    return done && { ...done, number };
  }

  /** @param {import("./operations.js").OperationError} error of a number that was to be added */
  function failToAdd(error) {
    problem.replaceChildren(errorNotice(error, adviseNumber(error.delivery)));
    if (!summarizeDelivery(error.delivery).certain) getChain(); // which shows whether it was
  }

  /** @param {import("./operations.js").OperationError} error of what was done with the present record */
  function fail(error) {
    problem.replaceChildren(errorNotice(error, adviseRecord(error.delivery)));
    putAside.hidden = false;
    show();
  }

  /**
   * Does what the present number is done with then.
   *
   * @param {Parameters<typeof attempt>[0]} method
   * @param {object} more of the request
   */
  async function settle(method, more) {
    const done = await attempt(method, more);
    if (done && !done.error) conclude(done.number, method, more, done.value);
  }

  /**
   * Has the desk show what was done with a number.
   *
   * @param {PhoneNumber} number
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
      const before = contact?.numbers[contact.at]?.record;
      const typed = before && (await ask(before, problems));
      const done = typed && (await attempt(method, typed));
      if (!done) return;
      if (!done.error) conclude(done.number, method, typed, done.value);
      problems = done.error?.problems;
    } while (problems?.some(({ field }) => isChangeable(field)));
  }

  /**
   * @param {boolean} whole
   * @param {boolean} [lead]
   */
  function finish(whole, lead = true) {
    const left = whole || !contact ? -1 : contact.numbers.findIndex(({ ended }) => ended === "");
    if (contact && left >= 0) {
      contact.at = left;
      return begin(lead);
    }
    contact = null;
    problem.replaceChildren();
    show();
    if (lead) goOn();
  }

  /** Adds the other numbers of the contact that are not here yet. */
  async function getChain() {
    const mine = contact;
    const present = mine?.numbers[mine.at];
    if (!mine || !present) return;
    const done = await perform(
      "getChainedRecords",
      identify(present.record, settings(), "getChainedRecords"),
    );
    if (contact !== mine || !done || done.error) return; // the timeline tells of the error
    for (const record of done.value)
      if (!mine.numbers.some((number) => isOf(number.record, record.recordHandle)))
        mine.numbers.push({ record, ended: "" });
    show();
  }

  /** @type {Record<string, () => Promise<unknown>>} */
  const choices = {
    update: () => askAndAttempt("updateRecord", askForUpdate),
    addNumber: () => askAndAttempt("addRecord", askForNumber),
    reject: () => settle("rejectRecord", {}),
    async reschedule() {
      const when = await askForTime();
      if (when) await settle("rescheduleRecord", when);
    },
    doNotCall: () => endFor("doNotCallRecord"),
    cancel: () => endFor("cancelRecord"),
  };

  /** @param {"doNotCallRecord" | "cancelRecord"} method */
  async function endFor(method) {
    const record = contact?.numbers[contact.at]?.record;
    if (!record) return;
    const answer = await confirmEnding(method, `${nameOf(record)}, ${record.phoneNumber ?? ""},`);
    if (answer) await settle(method, answer);
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
    settle("completeRecord", { callResult: chosen });
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

  /**
   * Waits for what an earlier page has asked for of the contact, as that page did.
   *
   * @param {Remaining[]} calls
   */
  function takeUp(calls) {
    const whose = contact;
    takeUpAdded(calls);
    const mine = calls.flatMap((call) => {
      const { recordHandle } = call.request;
      if (!whose || recordHandle === undefined) return [];
      const number = whose.numbers.find(({ record }) => isOf(record, recordHandle));
      return number?.ended === "" ? [{ ...call, number }] : [];
    });
    const [first] = mine;
    if (!whose || !first) return;
    const open = new Set(mine);
    const controller = new AbortController();
    const over = () => pending === controller && setPending(null);
    controller.signal.addEventListener("abort", () => {
      over();
      const { message } = controller.signal.reason;
      fail({ code: "ABORTED", message, delivery: first.delivery });
    });
    whose.at = whose.numbers.indexOf(first.number);
    begin(false);
    showWaiting(mine);
    setPending(controller);

    for (const call of mine)
      call.outcome.then((outcome) => {
        open.delete(call);
        if (open.size === 0) over();
        // The agent may have put it aside meanwhile, or be doing it again.
        const atElse = pending !== null && pending !== controller;
        if (contact !== whose || atElse || call.number.ended !== "") return;
        // Who is elsewhere on the page is not to be taken away from there.
        const lead = panel.contains(document.activeElement);
        if ("value" in outcome)
          conclude(call.number, call.method, call.request, outcome.value, lead);
        else {
          whose.at = whose.numbers.indexOf(call.number);
          if ("error" in outcome) fail(outcome.error);
          else showChecked();
        }
        if (contact !== whose) over();
        else if (pending === controller) showWaiting([...open]);
      });
  }

  /**
   * Shows a number that an earlier page has added to the contact, when that is known.
   *
   * @param {Remaining[]} calls
   */
  function takeUpAdded(calls) {
    const whose = contact;
    const chainId = whose?.numbers[whose.at] && chainOf(whose.numbers[whose.at].record);
    for (const { method, request, outcome } of calls)
      if (method === "addRecord" && chainId !== undefined && request.chainId === chainId)
        outcome.then((outcome) => {
          const number = contact?.numbers[contact.at];
          if ("value" in outcome && contact === whose && number)
            conclude(number, method, request, outcome.value);
        });
  }

  /** @param {Remaining[]} calls */
  function showWaiting(calls) {
    const asked = calls.map(({ method, request }) => {
      const { title, facts } = describeOperation(method, request);
      return `${title} (${facts})`;
    });
    const words = `Asked for before the page was left, and not answered yet: ${asked.join(", ")}.`;
    problem.replaceChildren(element("p", { class: "notice" }, icon("wait"), words));
  }

  /** The agent has looked at what became of an operation from before. */
  function showChecked() {
    const words = `You have checked it. ${adviceOnUnknown}`;
    problem.replaceChildren(element("p", { class: "notice" }, icon("alert"), words));
    putAside.hidden = false;
    show();
  }

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
      return contact?.numbers.some(({ record }) => isOf(record, recordHandle)) ?? false;
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
    open(place) {
      owner = ownerOf(place);
      const kept = recall("sessionStorage", key, isKept);
      contact = kept?.owner === owner ? { numbers: kept.numbers, at: kept.at } : null;
      show();
    },
    takeUp,
    /** Leads to the record. */
    lead: () => title.focus(),
    /** Drops the record, which the server goes on counting as the agent's. */
    forget() {
      contact = null;
      problem.replaceChildren();
      show();
    },
  };
}
