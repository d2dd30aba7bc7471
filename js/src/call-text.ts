// A call on its way to the Go program: one text in JSON, since each value that crosses into Go
// takes about as long as all of a text. What no plain value is needs nobody there but for
// the name of its type in an error, the time of a Date, and, in a request, the own properties of
// an object of plain data.

import { own } from "./load-options.js";
import type { Method } from "./protocol.js";

/** As many properties are looked at as in an object that Go reads itself. */
const maxKeys = 100;

/**
 * Writes a call. What is passed is the caller's, of whatever type, but no getters. Throws an
 * OutboundError where an object in the request cannot be read.
 */
export function callText(id: number, method: Method, request: unknown, options: unknown): string {
  return JSON.stringify({
    id,
    method,
    request: fields(request, (value, name) => data(value, name) ?? field(value)),
    options: fields(options, field),
  });
}

/** The own properties of an object; of what is none, its type. */
function fields(given: unknown, write: (value: unknown, name: string) => unknown): unknown {
  if (typeof given !== "object" || given === null || isArray(given)) {
    return typeName(given);
  }
  return properties(given, maxKeys, write);
}

function properties(
  object: object,
  most: number,
  write: (value: unknown, name: string) => unknown,
): object {
  const entries = Object.entries(object).slice(0, most);
  return Object.fromEntries(entries.map(([name, value]) => [name, write(value, name)]));
}

/** What an object of plain data holds: one more than Go lets pass. Undefined of all else. */
function data(value: unknown, name: string): unknown {
  return isData(value) ? { fields: properties(own(value, name), maxKeys + 1, field) } : undefined;
}

/** Tells an object of plain data, of whatever frame, from a Map, Headers, an element and the like. */
function isData(value: unknown): value is object {
  try {
    return typeof value === "object" && Object.prototype.toString.call(value) === "[object Object]";
  } catch {
    return false; // a revoked Proxy
  }
}

function field(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { number: String(value) };
    case "undefined":
      return null;
  }
  if (value === null) {
    return null;
  }
  const time = typeof value === "object" ? timeOf(value) : undefined;
  return time === undefined ? { type: typeName(value) } : { time }; // null if that is invalid
}

function typeName(value: unknown): string {
  return value === null ? "null" : isArray(value) ? "array" : typeof value;
}

/** The time of a Date, of whatever frame; NaN if that is invalid. Undefined of what is none. */
export function timeOf(value: object): number | undefined {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return undefined;
  }
}

export function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked Proxy
  }
}
