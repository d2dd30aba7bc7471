// What callers pass, as JSON: of whatever type it is, the Go program says what is wrong with it. What no
// plain value is needs nobody there but for the name of its type in an error, the time of a Date, and what
// an object of plain data or an array holds.

import { isArray, isFiniteNumber, keys, timeOf, typeNameOf } from "./builtins.js";
import { describe } from "./thrown.js";

/** One more property or element than the Go program lets pass. */
const most = 101;

/** Longer than any name that the Go program lets pass, in UTF-16 code units. */
const longestName = 1000;

/** Longer than any text that the Go program lets pass, in UTF-16 code units: a longer one would only fill its memory. */
const longestText = 8192;

/** A value on its way. What JSON has no value for is an object of one property, but for fields that are not all there. */
export type Given =
  | string
  | number
  | boolean
  | null
  /** Where there are more than are read: of how many. */
  | { readonly fields: { readonly [name: string]: Given }; readonly of?: number }
  | { readonly list: readonly Given[] }
  /** Milliseconds since 1970; null of an invalid Date. */
  | { readonly time: number | null }
  /** Such as "NaN". */
  | { readonly number: string }
  /** The name of its type; of a text that is too long, how long it is. */
  | { readonly type: string }
  /** Why it cannot be read. */
  | { readonly unreadable: string };

/** Writes what was passed as a request or options: its own properties, and those of objects of plain data in it. */
export function given(value: unknown): Given {
  if (typeof value === "object" && value !== null && !isList(value)) {
    return properties(value, (inner) =>
      typeof inner === "object" && inner !== null && isData(inner)
        ? properties(inner, leaf)
        : field(inner),
    );
  }
  return value === undefined ? { type: "undefined" } : field(value);
}

function field(value: unknown): Given {
  return isList(value) ? elements(value as readonly unknown[]) : leaf(value);
}

function leaf(value: unknown): Given {
  switch (typeof value) {
    case "string":
      return value.length > longestText ? { type: `text of ${value.length} characters` } : value;
    case "boolean":
      return value;
    case "number":
      return isFiniteNumber(value) ? value : { number: `${value}` };
    case "undefined":
      return null;
    case "object":
      return value === null ? null : (date(value) ?? { type: isList(value) ? "array" : "object" });
    default:
      return { type: typeof value };
  }
}

function properties(object: object, write: (value: unknown) => Given): Given {
  return readable(() => {
    const fields: { [name: string]: Given } = { __proto__: null } as never;
    const names = keys(object);
    for (let i = 0; i < names.length && i < most; i++) {
      const name = names[i] as string;
      fields[name.length > longestName ? name.slice(0, longestName) : name] = readable(() =>
        write((object as { [name: string]: unknown })[name]),
      );
    }
    return names.length > most ? { fields, of: names.length } : { fields };
  });
}

function elements(array: readonly unknown[]): Given {
  return readable(() => {
    const list: Given[] = [];
    for (let i = 0; i < array.length && i < most; i++) {
      list[i] = leaf(array[i]);
    }
    return { list };
  });
}

/** What a getter, or a Proxy, may keep from being read. */
function readable(read: () => Given): Given {
  try {
    return read();
  } catch (thrown) {
    return { unreadable: describe(thrown) };
  }
}

function date(value: object): Given | undefined {
  let time: number;
  try {
    time = timeOf(value);
  } catch {
    return undefined;
  }
  return { time: isFiniteNumber(time) ? time : null };
}

/** Tells what somebody has forgotten to await: nothing that is looked for is in it. May throw what a getter throws. */
export function isPromise(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

function isList(value: unknown): boolean {
  try {
    return isArray(value);
  } catch {
    return false; // a revoked Proxy
  }
}

/** Tells an object of plain data, of whatever frame, from a Map, Headers, an element and the like. */
function isData(value: object): boolean {
  try {
    return typeNameOf(value) === "[object Object]";
  } catch {
    return false; // a revoked Proxy
  }
}
