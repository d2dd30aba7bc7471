// @ts-check

import { CurrentContact } from "./current-contact.js";
import { setUpDeskRemaining } from "./desk-remaining.js";
import { setUpDeskView } from "./desk-view.js";
import { setUpDeskWork } from "./desk-work.js";

/**
 * Takes over the record that the agent works on, with the other numbers of its contact.
 *
 * @param {object} desktop
 * @param {{ readonly [name: string]: number }} desktop.callResults names and codes
 * @param {import("./operations.js").Perform} desktop.perform
 * @param {() => object} desktop.settings what a server may leave out of its records
 * @param {(free: boolean) => void} desktop.onChange says whether the agent has no record
 * @param {() => void} desktop.goOn leads to what comes next when a record is done with
 */
export function setUpDesk({ callResults, perform, settings, onChange, goOn }) {
  const current = new CurrentContact();
  const view = setUpDeskView({
    callResults,
    workOn,
    act: (action) => work.act(action),
    complete: (callResult) => work.complete(callResult),
    putAside,
    stop: () => work.pending?.abort(new DOMException("The agent stopped waiting.", "AbortError")),
  });
  const work = setUpDeskWork({ current, view, perform, settings, show, finish });
  const takeUp = setUpDeskRemaining({ current, view, work, show, begin });

  function show() {
    current.save();
    onChange(current.contact === null);
    view.show(current.contact);
  }

  /**
   * Shows the number that is worked on now.
   *
   * @param {boolean} [lead] whether its record gets the focus
   */
  function begin(lead = true) {
    view.reset();
    show();
    if (lead) view.lead();
  }

  /** @param {number} index */
  function workOn(index) {
    if (work.pending) return;
    current.moveTo(index);
    begin();
  }

  function putAside() {
    const { number } = current;
    if (!number) return;
    number.ended = "put aside";
    finish(false);
  }

  /**
   * Goes on with the next number of the contact; after the last, with what comes next.
   *
   * @param {boolean} whole whether no number of the contact is left
   * @param {boolean} [lead] whether the focus goes there
   */
  function finish(whole, lead = true) {
    if (!whole && current.moveToNext()) return begin(lead);
    forget();
    if (lead) goOn();
  }

  /** Drops the record, which the server goes on counting as the agent's. */
  function forget() {
    current.drop();
    view.clearNotices();
    show();
  }

  show();

  return {
    /** @returns {boolean} whether the agent has no record */
    get isFree() {
      return current.contact === null;
    },
    /**
     * Has the agent work on a record.
     *
     * @param {import("./contact.js").OutboundRecord} record
     */
    take(record) {
      current.take(record);
      begin();
      work.getChain();
    },
    /**
     * @param {unknown} recordHandle
     * @returns {boolean} whether it is here
     */
    has: (recordHandle) => current.find(recordHandle) !== undefined,
    /**
     * @param {string} phoneNumber
     * @returns {boolean} whether the agent still has to do with it
     */
    hasNumber: (phoneNumber) =>
      current.contact?.numbers.some(
        ({ record, ended }) => ended === "" && record.phoneNumber === phoneNumber,
      ) ?? false,
    /**
     * Somebody is signed in. What the desk had of another agent, or server, is dropped.
     *
     * @param {import("./connection.js").Place} place
     */
    open(place) {
      current.open(place);
      show();
    },
    takeUp,
    lead: view.lead,
    forget,
  };
}
