// @ts-check

import { ownerOf } from "./connection.js";
import { isKept, isOf } from "./contact.js";
import { keep, recall } from "./stored.js";

/** @typedef {import("../js/dist/index.js").OutboundRecord} OutboundRecord */
/** @typedef {import("./contact.js").Contact} Contact */
/** @typedef {import("./contact.js").PhoneNumber} PhoneNumber */

const key = "gws-outbound.desk";

/**
 * The contact that the agent works on. It outlives a reload: the server goes on counting it as the
 * agent's.
 */
export class CurrentContact {
  /** The agent, at the server; "" before anybody is signed in. */
  #owner = "";
  /** @type {Contact | null} */
  #contact = null;

  /** @returns {Contact | null} */
  get contact() {
    return this.#contact;
  }

  /** @returns {PhoneNumber | undefined} the one that is worked on */
  get number() {
    return this.#contact?.numbers[this.#contact.at];
  }

  /**
   * Somebody is signed in. The contact of another agent, or server, is dropped.
   *
   * @param {import("./connection.js").Place} place
   */
  open(place) {
    this.#owner = ownerOf(place);
    const kept = recall("sessionStorage", key, isKept);
    this.#contact = kept?.owner === this.#owner ? { numbers: kept.numbers, at: kept.at } : null;
  }

  /** @param {OutboundRecord} record the first of another contact */
  take(record) {
    this.#contact = { numbers: [{ record, ended: "" }], at: 0 };
  }

  drop() {
    this.#contact = null;
  }

  save() {
    const { contact } = this;
    if (this.#owner) keep("sessionStorage", key, contact && { owner: this.#owner, ...contact });
  }

  /** @param {number} index of the number that is to be worked on */
  moveTo(index) {
    if (this.#contact) this.#contact.at = index;
  }

  /** @returns {boolean} whether there is a number left to be worked on; it is the present one now */
  moveToNext() {
    const left = this.#contact?.numbers.findIndex(({ ended }) => ended === "") ?? -1;
    if (left >= 0) this.moveTo(left);
    return left >= 0;
  }

  /** @param {OutboundRecord[]} records of the same contact; those that are here already are left out */
  add(records) {
    for (const record of records)
      if (!this.find(record.recordHandle)) this.#contact?.numbers.push({ record, ended: "" });
  }

  /**
   * @param {unknown} recordHandle
   * @returns {PhoneNumber | undefined}
   */
  find(recordHandle) {
    return this.#contact?.numbers.find(({ record }) => isOf(record, recordHandle));
  }
}
