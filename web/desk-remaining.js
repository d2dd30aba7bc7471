// @ts-check

import { describeOperation } from "./operations.js";
import { chainOf } from "./record-add.js";
import { adviceOnUnknown } from "./words.js";

/** @typedef {import("./unsettled.js").Remaining} Remaining */

/**
 * Gives the function that waits for what an earlier page has asked for of the current contact, as
 * that page did.
 *
 * @param {object} desk
 * @param {import("./current-contact.js").CurrentContact} desk.current
 * @param {ReturnType<typeof import("./desk-view.js").setUpDeskView>} desk.view
 * @param {ReturnType<typeof import("./desk-work.js").setUpDeskWork>} desk.work
 * @param {() => void} desk.show shows the current contact
 * @param {(lead: boolean) => void} desk.begin shows the number that is worked on now
 */
export function setUpDeskRemaining({ current, view, work, show, begin }) {
  /**
   * Shows a number that was added to the contact, when that is known.
   *
   * @param {Remaining[]} calls
   */
  function takeUpAdded(calls) {
    const { contact, number } = current;
    const chainId = number && chainOf(number.record);
    for (const { method, request, outcome } of calls)
      if (method === "addRecord" && chainId !== undefined && request.chainId === chainId)
        outcome.then((outcome) => {
          const { number } = current;
          if ("value" in outcome && current.contact === contact && number)
            work.conclude(number, method, request, outcome.value);
        });
  }

  /**
   * Waits for what was to be done with numbers that are here.
   *
   * @param {Remaining[]} calls
   */
  function takeUpNumbers(calls) {
    const { contact } = current;
    const mine = calls.flatMap((call) => {
      const { recordHandle } = call.request;
      const number = recordHandle === undefined ? undefined : current.find(recordHandle);
      return number?.ended === "" ? [{ ...call, number }] : [];
    });
    const [first] = mine;
    if (!contact || !first) return;
    const open = new Set(mine);
    const controller = new AbortController();
    const isPending = () => work.pending === controller;
    const stopWaiting = () => isPending() && work.setPending(null);
    controller.signal.addEventListener("abort", () => {
      stopWaiting();
      const { message } = controller.signal.reason;
      work.fail({ code: "ABORTED", message, delivery: first.delivery });
    });
    contact.at = contact.numbers.indexOf(first.number);
    begin(false);
    showWaiting(mine);
    const { title, subject } = describeOperation(first.method, first.request);
    work.setPending(controller, `${title}, ${subject}`);

    for (const call of mine)
      call.outcome.then((outcome) => {
        open.delete(call);
        if (open.size === 0) stopWaiting();
        // The agent may have put it aside meanwhile, or be doing it again.
        const busyElsewhere = work.pending !== null && !isPending();
        if (current.contact !== contact || busyElsewhere || call.number.ended !== "") return;
        // Who is elsewhere on the page is not to be taken away from there.
        const lead = view.hasFocus;
        if ("value" in outcome)
          work.conclude(call.number, call.method, call.request, outcome.value, lead);
        else {
          contact.at = contact.numbers.indexOf(call.number);
          if ("error" in outcome) work.fail(outcome.error);
          else showChecked();
        }
        if (current.contact !== contact) stopWaiting();
        else if (isPending()) showWaiting([...open]);
      });
  }

  /** @param {Remaining[]} calls */
  function showWaiting(calls) {
    const asked = calls.map(({ method, request }) => {
      const { title, facts } = describeOperation(method, request);
      return `${title} (${facts})`;
    });
    view.showNotice(
      "wait",
      `Asked for before the page was left, and not answered yet: ${asked.join(", ")}.`,
    );
  }

  /** The agent has looked at what became of an operation from before. */
  function showChecked() {
    view.showNotice("alert", `You have checked it. ${adviceOnUnknown}`);
    view.offerPutAside();
    show();
  }

  return (/** @type {Remaining[]} */ calls) => {
    takeUpAdded(calls);
    takeUpNumbers(calls);
  };
}
