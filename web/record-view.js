// @ts-check

import { element, find, icon } from "./dom.js";
import { isOutbound } from "./record-add.js";

/** @typedef {import("../js/dist/index.js").OutboundRecord} OutboundRecord */

/** What a server attaches is shown up to here. */
const maxFields = 100;
const maxLetters = 500;

/**
 * Says who it is, by the fields that calling lists usually have.
 *
 * @param {OutboundRecord} record
 * @returns {string}
 */
export function nameOf(record) {
  const { FirstName, LastName } = record.userData ?? {};
  const name = [FirstName, LastName].filter((part) => typeof part === "string").join(" ");
  return clip(name || record.phoneNumber || `Record ${record.recordHandle}`);
}

/**
 * Shows a record: who it is, what is attached to it, and the numbers of the same contact.
 *
 * @param {{ record: OutboundRecord, ended: string }[]} numbers `ended`: how it ended, "" while it has not
 * @param {number} at which of them is worked on
 * @param {(index: number) => void} workOn
 */
export function showRecord(numbers, at, workOn) {
  const { record } = /** @type {{ record: OutboundRecord }} */ (numbers[at]);
  find("#record-name", HTMLElement).textContent = nameOf(record);
  find("#record-number", HTMLElement).textContent = [
    record.phoneNumber,
    record.phoneType,
    `Record ${record.recordHandle}`,
  ]
    .filter(Boolean)
    .map(clip)
    .join(" · ");
  find("#record-list", HTMLElement).textContent = [record.campaignName, record.callingList]
    .filter(Boolean)
    .map(clip)
    .join(" · ");

  const fields = Object.entries(record.userData ?? {}).slice(0, maxFields);
  const own = fields.filter(([name]) => !isOutbound(name));
  const outbound = fields.filter(([name]) => isOutbound(name));
  find("#record-fields", HTMLElement).replaceChildren(...own.map(field));
  find("#outbound-fields", HTMLElement).replaceChildren(...outbound.map(field));
  find("#outbound-more", HTMLElement).hidden = outbound.length === 0;
  find("#outbound-count", HTMLElement).textContent = `Outbound fields (${outbound.length})`;

  find("#chain", HTMLElement).hidden = numbers.length < 2;
  find("#chain-numbers", HTMLElement).replaceChildren(
    ...numbers.map((number, index) => chainItem(number, index === at, () => workOn(index))),
  );
}

/** Leaves nothing of the record that was shown. */
export function clearRecord() {
  for (const part of ["number", "list", "fields", "changes"])
    find(`#record-${part}`, HTMLElement).replaceChildren();
  find("#outbound-fields", HTMLElement).replaceChildren();
  find("#chain-numbers", HTMLElement).replaceChildren();
  find("#record-name", HTMLElement).textContent = "Record";
}

/**
 * Shows what an update has changed of the record.
 *
 * @param {ReturnType<typeof import("./record-update.js").compareRecords>} changes
 */
export function showChanges(changes) {
  const lines = changes.map(({ label, was, is }) =>
    element("p", {}, `${label}: ${clip(is)}`, was && `, was ${clip(was)}`),
  );
  const none = element("p", {}, "The server has the record as it was.");
  showDone("Updated", ...(lines.length > 0 ? lines : [none]));
}

/**
 * Shows that a number was added.
 *
 * @param {import("./record-add.js").NewNumber} number
 * @param {boolean} inChain whether it is one of the contact's now
 */
export function showAdded({ phoneNumber, phoneType }, inChain) {
  const where = inChain ? "To the numbers of this contact" : "As a contact of its own";
  showDone("Added", element("p", {}, `${where}: ${phoneNumber}, ${phoneType}`));
}

/**
 * @param {string} what was done to the record
 * @param {...HTMLElement} lines
 */
function showDone(what, ...lines) {
  find("#record-changes", HTMLElement).replaceChildren(
    element(
      "div",
      { class: "notice good" },
      icon("check"),
      element("div", {}, element("p", { class: "advice" }, what), ...lines),
    ),
  );
}

/** @param {[string, unknown]} field */
const field = ([name, value]) =>
  element(
    "div",
    {},
    element("dt", {}, clip(name)),
    element("dd", {}, clip(typeof value === "string" ? value : JSON.stringify(value))),
  );

/**
 * @param {{ record: OutboundRecord, ended: string }} number
 * @param {boolean} current
 * @param {() => void} work
 */
function chainItem({ record, ended }, current, work) {
  const number = clip(record.phoneNumber ?? `Record ${record.recordHandle}`);
  const item = element(
    "li",
    current ? { "aria-current": "true" } : {},
    element("span", { class: "number" }, number),
    element("span", { class: "muted" }, clip(record.phoneType ?? "")),
  );
  if (ended) item.append(element("span", { class: "tag good" }, ended));
  else if (current) item.append(element("span", { class: "tag" }, "this one"));
  else {
    const button = element(
      "button",
      { type: "button", class: "button quiet", "aria-label": `Work on it: ${number}` },
      "Work on it",
    );
    button.addEventListener("click", work);
    item.append(button);
  }
  return item;
}

/** @param {unknown} text of a server, of any length */
function clip(text) {
  const whole = String(text);
  return whole.length > maxLetters ? `${whole.slice(0, maxLetters)}…` : whole;
}
