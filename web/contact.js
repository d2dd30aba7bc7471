// @ts-check

import { contactOf } from "./record-add.js";

/** @typedef {import("../js/dist/index.js").OutboundRecord} OutboundRecord */
/** @typedef {{ record: OutboundRecord, ended: string }} PhoneNumber one record of the contact; `ended`: how, "" while it has not */
/** @typedef {{ numbers: PhoneNumber[], at: number }} Contact `at`: the one that is worked on */

/**
 * @param {OutboundRecord} record
 * @param {unknown} recordHandle
 * @returns {boolean} whether it is the record's
 */
export const isOf = (record, recordHandle) => String(record.recordHandle) === String(recordHandle);

/**
 * Says how an operation ends a number.
 *
 * @param {string} method
 * @param {{ callResult?: string, chainAttribute?: string }} request
 * @returns {{ ended: string, whole: boolean }} `whole`: and all other numbers of the contact with it
 */
export function endingBy(method, { callResult, chainAttribute }) {
  const whole = chainAttribute === "AllChain";
  switch (method) {
    case "completeRecord": // who was reached is not called at the other numbers
      return { ended: callResult ?? "completed", whole: callResult === "Answer" };
    case "rejectRecord":
      return { ended: "rejected", whole: true };
    case "rescheduleRecord":
      return { ended: "rescheduled", whole: false };
    case "cancelRecord":
      return { ended: "cancelled", whole };
    default:
      return { ended: "not to be called", whole };
  }
}

/**
 * @param {OutboundRecord} record
 * @param {object} settings
 * @param {string} method
 * @returns what every operation on a record needs, or, to add one, the place of it
 */
export function identify(record, settings, method) {
  const { recordHandle, applicationId, campaignName, callingList, devicePath } = record;
  const own = { applicationId, campaignName, devicePath };
  const given = Object.fromEntries(
    Object.entries(own).filter(([, value]) => value !== undefined && value !== ""),
  );
  const inList = ["rescheduleRecord", "getChainedRecords"].includes(method) ? {} : { callingList };
  /** @type {any} */
  const all = { ...settings, ...given, ...inList };
  Object.assign(all, method === "addRecord" ? contactOf(record) : { recordHandle });
  return { ...all, applicationId: Number(all.applicationId) };
}

/**
 * @param {any} value what a storage had
 * @returns {value is Contact & { owner: string }}
 */
export function isKept(value) {
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
