// @ts-check

import { asTyped, fields } from "./record-update.js";

/** @typedef {import("../js/dist/index.js").OutboundRecord} OutboundRecord */
/** @typedef {import("../js/dist/index.js").AddRecordRequest} AddRecordRequest */
/** @typedef {Pick<AddRecordRequest, "phoneNumber" | "phoneType" | "timeZone" | "from" | "until">} NewNumber */

/** What to type, where nothing was. @type {Record<string, string>} */
const missing = {
  phoneNumber: "Type the number.",
  phoneType: "Choose the type.",
  timeZone: "Type the time zone.",
};
const wrongTime = "Type hours and minutes, 00:00 to 24:00, such as 09:30.";

/**
 * Says what a form for another number begins with: the contact can be called when this record can.
 *
 * @param {OutboundRecord} record
 * @returns {[name: string, text: string][]}
 */
export function suggestNumber(record) {
  const own = { phoneNumber: "", phoneType: "Mobile" };
  return asTyped(record).map(([name, text]) => [
    name,
    Object.hasOwn(own, name) ? own[/** @type {keyof typeof own} */ (name)] : text,
  ]);
}

/**
 * Takes a number out of a form. A server needs all of it.
 *
 * @param {FormData} form
 * @returns {{ number: NewNumber, problems: import("./field-problems.js").Problem[] }}
 */
export function readNumber(form) {
  /** @type {any} */
  const number = {};
  const problems = [];
  for (const { name, read } of fields) {
    const text = String(form.get(name) ?? "").trim();
    const value = text === "" ? undefined : read(text);
    if (value !== undefined) number[name] = value;
    else problems.push({ field: name, message: missing[name] ?? wrongTime });
  }
  return { number, problems };
}

/**
 * @param {OutboundRecord} record
 * @returns {number | undefined} the id of the chain, which all records of a contact share
 */
export function chainOf({ userData }) {
  const id = userData?.GSW_CHAIN_ID;
  const number = typeof id === "string" && /^\d{1,15}$/.test(id) ? Number(id) : id;
  return Number.isSafeInteger(number) ? /** @type {number} */ (number) : undefined;
}

/**
 * Says where another number of the contact belongs, and what the calling list has of the contact.
 *
 * @param {OutboundRecord} record
 * @returns {Pick<AddRecordRequest, "chainId" | "otherFields">}
 */
export function contactOf(record) {
  const chainId = chainOf(record);
  const own = Object.entries(record.userData ?? {}).filter(isOwn);
  return { ...(chainId !== undefined && { chainId }), otherFields: Object.fromEntries(own) };
}

/**
 * @param {[name: string, value: unknown]} field of a record's user data
 * @returns {field is [string, string | number | boolean]} whether it is the calling list's, and can be sent
 */
const isOwn = (field) => !isOutbound(field[0]) && isPlain(field[1]);

/** @param {string} name of a field that Outbound Contact has attached, rather than the calling list */
export const isOutbound = (name) => /^(GSW_|Interaction)/.test(name);

/**
 * @param {unknown} value
 * @returns {boolean} whether it is text, a number or a truth value, and not too long to be sent
 */
function isPlain(value) {
  const longest = 1024;
  if (typeof value === "string") return value.length <= longest && !/\p{Cc}/u.test(value);
  return typeof value === "number" || typeof value === "boolean";
}
