// Checks requests as the Go program does, by the same table: see testing-table.ts. Its messages are shorter.

import type { Problem } from "./error.js";
import type { Method } from "./remote-client.js";
import { callResults, rows } from "./testing-table.js";

/** An operation. Several may share a method: then the request decides. */
export interface Row {
  readonly method: Method;
  readonly operationName: string;
  readonly path: string;
  readonly parameters: { readonly [name: string]: Rule };
  /** What an event means, by its `notificationType`. */
  readonly answers: { readonly [notificationType: string]: "final" | "element" | "nothing" };
  readonly messageType: string;
  readonly result: "data" | "record" | "records";
}

/** What a parameter may be. Where there are several, one of them is enough. */
export interface Rule {
  readonly required?: boolean;
  /** In words. */
  readonly expected: string;
  /** A text of 1 to so many characters; of `fields`, of each value. */
  readonly text?: number;
  /** An integer from here to 2^53 - 1. */
  readonly least?: number;
  /** Also a string of digits: of any such integer, or of one beyond 2^53 - 1. */
  readonly digits?: "any" | "beyond";
  readonly choices?: readonly string[];
  /** A name that is among {@link callResults}. */
  readonly callResult?: boolean;
  /** A Date, or seconds since 1970, up to here. */
  readonly seconds?: number;
  /** An object of so many strings, numbers and booleans. */
  readonly fields?: number;
}

export type Fields = { readonly [name: string]: unknown };

/** Finds the operation that a request is for, and what is wrong with it. */
export function check(
  method: Method,
  request: Fields,
  allowUnknownCallResult: boolean,
): { row: Row; problems: Problem[] } {
  const all = rows.filter((row) => row.method === method);
  const fills = (row: Row) =>
    [...row.path.matchAll(/\{(\w+)\}/g)].every(([, name]) => request[name as string] != null);
  const row = (all.find(fills) ?? all[0]) as Row;
  const problems: Problem[] = [];
  for (const [field, rule] of Object.entries(row.parameters)) {
    const value = request[field];
    if (value == null) {
      if (rule.required) {
        problems.push({ field, message: `missing, expected ${rule.expected}` });
      }
      continue;
    }
    if (rule.fields !== undefined) {
      problems.push(...wrongFields(field, value, rule));
    } else if (!passes(value, rule, allowUnknownCallResult) || leadsAway(row, field, value)) {
      problems.push({ field, message: `got ${show(value)}, expected ${rule.expected}` });
    }
  }
  const name = request.operationName;
  if (name != null && name !== row.operationName) {
    const message = `got ${show(name)}, expected "${row.operationName}" or no such field`;
    problems.push({ field: "operationName", message });
  }
  const known = new Set(all.flatMap(({ parameters }) => Object.keys(parameters)));
  for (const field of Object.keys(request)) {
    if (!known.has(field) && field !== "operationName") {
      problems.push({ field, message: "unknown field, there is no such parameter" });
    }
  }
  return { row, problems };
}

/** Options that a method takes beside a signal, and what they may be. */
export type OptionRules = { readonly [name: string]: "boolean" | "milliseconds" };

/** Finds what is wrong with the options of a call or of close(); a real signal is not among them. */
export function checkOptions(options: unknown, rules: OptionRules): Problem[] {
  if (options === undefined || options === null) {
    return [];
  }
  if (typeof options !== "object" || Array.isArray(options)) {
    return [{ field: "options", message: "must be an object" }];
  }
  const problems: Problem[] = [];
  for (const [field, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
    if (rule === undefined) {
      const message = field === "signal" ? "must be an AbortSignal" : "unknown option";
      problems.push({ field, message });
    } else if (rule === "boolean" && typeof value !== "boolean") {
      problems.push({ field, message: "must be of type boolean" });
    } else if (rule === "milliseconds" && !isMilliseconds(value)) {
      const message = "must be a number of milliseconds from 1 to 86400000";
      problems.push({ field, message });
    }
  }
  return problems;
}

function isMilliseconds(value: unknown): boolean {
  return typeof value === "number" && value >= 1 && value <= 86_400_000;
}

/** Finds what is wrong with a channel to subscribe to; undefined if nothing is. */
export function wrongChannel(channel: string): string | undefined {
  const segments = channel.slice(1).split("/");
  if (channel.length > 1024) {
    return "is longer than 1024 characters";
  }
  if (!channel.startsWith("/") || channel === "/") {
    return "must begin with / and name something, such as /v2/me/calls";
  }
  if (segments[0] === "meta") {
    return "is the protocol's own";
  }
  if (segments.includes("")) {
    return "has an empty segment";
  }
  const last = segments.at(-1) as string;
  const wild = last === "*" || last === "**" ? segments.slice(0, -1) : segments;
  return wild.some((segment) => segment.includes("*"))
    ? "* and ** may only be the whole last segment"
    : undefined;
}

/**
 * A request as it is sent, in the order of the table, and as unsettled calls are listed: integers are numbers, or
 * their digits beyond 2^53 - 1, and times are seconds since 1970.
 */
export function asSent({ parameters }: Row, request: Fields): Fields {
  const sent: { [name: string]: unknown } = {};
  for (const [name, { digits, seconds, fields }] of Object.entries(parameters)) {
    const value = request[name];
    if (value == null) {
      continue;
    }
    if (seconds !== undefined && value instanceof Date) {
      sent[name] = Math.floor(value.getTime() / 1000);
    } else if (digits && typeof value === "string" && /^\d+$/.test(value)) {
      const integer = BigInt(value);
      sent[name] = integer > Number.MAX_SAFE_INTEGER ? `${integer}` : Number(integer);
    } else if (fields !== undefined) {
      sent[name] = Object.fromEntries(Object.entries(value).sort());
    } else {
      sent[name] = value;
    }
  }
  return sent;
}

function passes(value: unknown, rule: Rule, allowUnknownCallResult: boolean): boolean {
  if (rule.choices) {
    return rule.choices.includes(value as string);
  }
  if (rule.seconds !== undefined) {
    const seconds = value instanceof Date ? Math.floor(value.getTime() / 1000) : value;
    return isIntegerFrom(1, seconds) && seconds <= rule.seconds;
  }
  if (typeof value === "number") {
    return rule.least !== undefined && isIntegerFrom(rule.least, value);
  }
  if (typeof value !== "string") {
    return false;
  }
  if (rule.digits) {
    return /^\d{1,19}$/.test(value) && isWithin(BigInt(value), rule);
  }
  if (rule.text === undefined || !isText(value, rule.text) || value.trim() === "") {
    return false;
  }
  return !rule.callResult || allowUnknownCallResult || callResults.includes(value);
}

function isWithin(integer: bigint, { digits, least = 0 }: Rule): boolean {
  const from = digits === "any" ? BigInt(least) : BigInt(Number.MAX_SAFE_INTEGER) + 1n;
  return integer >= from && integer < 2n ** 63n;
}

function isIntegerFrom(least: number, value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isText(value: string, most: number): boolean {
  return [...value].length <= most && !/\p{Cc}/u.test(value);
}

/** A segment of a path that browsers fold away. */
function leadsAway({ path }: Row, field: string, value: unknown): boolean {
  return path.includes(`{${field}}`) && (value === "." || value === "..");
}

function wrongFields(field: string, value: unknown, rule: Rule): Problem[] {
  const most = rule.fields as number;
  if (typeof value !== "object" || Array.isArray(value) || value instanceof Date) {
    return [{ field, message: `got ${show(value)}, expected ${rule.expected}` }];
  }
  const entries = Object.entries(value as Fields);
  if (entries.length > most) {
    return [{ field, message: `got more than ${most} fields, expected at most ${most}` }];
  }
  const problems: Problem[] = [];
  for (const [name, inner] of entries) {
    if (!isText(name, 256) || name.trim() === "") {
      problems.push({ field, message: `a field's name: got ${show(name)}` });
    } else if (!isUserValue(inner, rule.text as number)) {
      const message = `got ${show(inner)}, expected a string, a number or a boolean`;
      problems.push({ field: `${field}.${name}`, message });
    }
  }
  return problems;
}

function isUserValue(value: unknown, most: number): boolean {
  switch (typeof value) {
    case "string":
      return isText(value, most);
    case "number":
      return Math.abs(value) <= Number.MAX_SAFE_INTEGER; // and none that is NaN
    default:
      return value == null || typeof value === "boolean";
  }
}

function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case "number":
    case "boolean":
      return `${value}`;
    default:
      return `a value of type ${Array.isArray(value) ? "array" : typeof value}`;
  }
}
