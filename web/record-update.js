// @ts-check

/** @typedef {import("../js/dist/index.js").OutboundRecord} OutboundRecord */
/** @typedef {import("../js/dist/index.js").UpdateRecordRequest} UpdateRecordRequest */
/** @typedef {Pick<UpdateRecordRequest, "phoneNumber" | "phoneType" | "timeZone" | "from" | "until">} Change */

/** The kinds of numbers, as updateRecord and addRecord have them. */
export const phoneTypes = [
  "NoContactType",
  "HomePhone",
  "DirectBusinessPhone",
  "BusinessWithExt",
  "Mobile",
  "VacationPhone",
  "Pager",
  "Modem",
  "VoiceMail",
  "PinPager",
  "EmailAddress",
  "InstantMessaging",
];

/**
 * @typedef {object} Field one parameter of updateRecord and addRecord that is no part of a record's identity
 * @property {keyof Change} name
 * @property {string} label
 * @property {string} attached what the same is called in a record's userData
 * @property {(value: unknown) => string} show as it is typed; "" for what cannot be
 * @property {(text: string) => string | number | undefined} read undefined: it is no such thing
 */

/** @type {readonly Field[]} */
export const fields = [
  {
    name: "phoneNumber",
    label: "Phone number",
    attached: "GSW_PHONE",
    show: showText,
    read: (text) => text,
  },
  {
    name: "phoneType",
    label: "Phone type",
    attached: "GSW_PHONE_TYPE",
    show: (value) => (phoneTypes.includes(/** @type {any} */ (value)) ? String(value) : ""),
    read: (text) => text,
  },
  {
    name: "timeZone",
    label: "Time zone",
    attached: "GSW_TZ_NAME",
    show: showText,
    read: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
  },
  { name: "from", label: "Call from", attached: "GSW_FROM", show: showTime, read: readTime },
  { name: "until", label: "Call until", attached: "GSW_UNTIL", show: showTime, read: readTime },
];

/**
 * Says what an update can change of a record, as it is typed.
 *
 * @param {OutboundRecord} record
 * @returns {[name: string, text: string][]}
 */
export function asTyped(record) {
  return fields.map((field) => [field.name, field.show(valueIn(record, field))]);
}

/**
 * Takes out of a form what differs from the record. What is empty is to stay as it is.
 *
 * @param {FormData} form
 * @param {OutboundRecord} record
 * @returns {{ change: Change, problems: import("./field-problems.js").Problem[] }}
 */
export function readChange(form, record) {
  /** @type {Record<string, string | number>} */
  const change = {};
  const problems = [];
  for (const field of fields) {
    const text = String(form.get(field.name) ?? "").trim();
    const value = field.read(text);
    if (text === "" || field.show(value) === field.show(valueIn(record, field))) continue;
    if (value !== undefined) change[field.name] = value;
    else
      problems.push({
        field: field.name,
        message: "Type hours and minutes, 00:00 to 24:00, such as 09:30.",
      });
  }
  if (problems.length === 0 && Object.keys(change).length === 0)
    problems.push({ field: "phoneNumber", message: "Nothing is changed yet, here or below." });
  return { change, problems };
}

/**
 * @param {string} parameter
 * @returns {boolean} whether it is one that the form has
 */
export const isChangeable = (parameter) => fields.some(({ name }) => name === parameter);

/**
 * Makes of a record what an update has made of it.
 *
 * @param {OutboundRecord} record
 * @param {Change} change what was asked for
 * @param {unknown} acknowledged the record in the event that acknowledged it: its values count
 * @returns {OutboundRecord}
 */
export function withChange(record, change, acknowledged) {
  const userData = { ...record.userData };
  /** @type {Record<string, unknown>} */
  const changed = {};
  for (const field of fields) {
    const { name, attached, show } = field;
    const acknowledgedValue =
      acknowledged instanceof Object
        ? valueIn(/** @type {any} */ (acknowledged), field)
        : undefined;
    const value = show(acknowledgedValue) === "" ? change[name] : acknowledgedValue;
    if (value === undefined) continue;
    changed[name] = value;
    if (attached in userData) userData[attached] = value;
  }
  return { ...record, ...changed, userData };
}

/**
 * Says what has changed of a record.
 *
 * @param {OutboundRecord} before
 * @param {OutboundRecord} after
 * @returns {{ label: string, was: string, is: string }[]} `was` is "" for what was not known
 */
export function compareRecords(before, after) {
  return fields
    .map((field) => ({
      label: field.label,
      was: field.show(valueIn(before, field)),
      is: field.show(valueIn(after, field)),
    }))
    .filter(({ was, is }) => was !== is);
}

/**
 * @param {OutboundRecord} record
 * @param {Field} field
 * @returns {unknown}
 */
const valueIn = (record, { name, attached }) => record[name] ?? record.userData?.[attached];

/** @param {unknown} value */
function showText(value) {
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

const dayInSeconds = 86_400;

/** @param {unknown} value seconds since midnight */
function showTime(value) {
  const seconds = typeof value === "string" && value !== "" ? Number(value) : value;
  if (!Number.isInteger(seconds)) return "";
  const whole = /** @type {number} */ (seconds);
  if (whole < 0 || whole > dayInSeconds) return "";
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[2] === 0) parts.pop();
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

/**
 * @param {string} text
 * @returns {number | undefined} seconds since midnight
 */
function readTime(text) {
  const parts = /^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  if (!parts) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  const all = hours * 3600 + minutes * 60 + seconds;
  return all <= dayInSeconds ? all : undefined;
}
