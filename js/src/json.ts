import { isArray, isFiniteNumber, keys, stringify, timeOf } from "./builtins.js";

/** What is JSON text already. */
export class Json {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What JSON text is made of. A property that is undefined is left out. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | undefined
  | Json
  | readonly Plain[]
  | { readonly [name: string]: Plain };

/**
 * Writes JSON. It looks for no toJSON, which JSON.stringify would find in objects and arrays of a
 * page that has given one to their prototypes.
 */
export function write(value: Plain): string {
  switch (typeof value) {
    case "string":
      return stringify(value);
    case "number":
    case "boolean":
      return `${value}`;
    case "undefined":
      return "null";
  }
  if (value === null) {
    return "null";
  }
  if (value instanceof Json) {
    return value.text;
  }
  return isArray(value) ? writeList(value) : writeObject(value as { [name: string]: Plain });
}

function writeList(list: readonly Plain[]): string {
  let text = "[";
  for (let i = 0; i < list.length; i++) {
    text += i > 0 ? `,${write(list[i])}` : write(list[i]);
  }
  return `${text}]`;
}

function writeObject(object: { readonly [name: string]: Plain }): string {
  let text = "{";
  for (const name of keys(object)) {
    const value = object[name];
    if (value !== undefined) {
      text += `${text.length > 1 ? "," : ""}${stringify(name)}:${write(value)}`;
    }
  }
  return `${text}}`;
}

/** How deep what is not ours may be nested. */
const deepest = 3000;

/**
 * Writes what is not ours as JSON.stringify does, but that it looks for no toJSON, and writes a bigint as its
 * digits. Throws where that would be longer than `most`, in UTF-16 code units, where it is nested too deep, and
 * what a getter throws.
 */
export function writeForeign(value: unknown, most: number): string {
  let left = most;
  const take = (text: string): string => {
    left -= text.length;
    if (left < 0) {
      throw new RangeError(`it is longer than ${most} characters`);
    }
    return text;
  };
  const write = (value: unknown, depth: number): string => {
    switch (typeof value) {
      case "string":
        return take(stringify(value));
      case "number":
        return take(isFiniteNumber(value) ? `${value}` : "null");
      case "boolean":
      case "bigint":
        return take(`${value}`);
      case "object":
        break;
      default:
        return take("null");
    }
    if (value === null) {
      return take("null");
    }
    if (depth > deepest) {
      throw new RangeError(`it is nested deeper than ${deepest}`);
    }
    let text = "";
    if (isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        text += (i > 0 ? take(",") : "") + write(value[i], depth + 1);
      }
      return `${take("[")}${text}${take("]")}`;
    }
    const date = dateOf(value);
    if (date !== undefined) {
      return take(date);
    }
    for (const name of keys(value)) {
      const inner = (value as { [name: string]: unknown })[name];
      if (inner !== undefined && typeof inner !== "function" && typeof inner !== "symbol") {
        text += (text ? take(",") : "") + take(`${stringify(name)}:`) + write(inner, depth + 1);
      }
    }
    return `${take("{")}${text}${take("}")}`;
  };
  return write(value, 0);
}

/** The text of a Date; undefined for what is none. */
function dateOf(value: object): string | undefined {
  try {
    const time = timeOf(value);
    return isFiniteNumber(time) ? stringify(new Date(time).toISOString()) : "null";
  } catch {
    return undefined;
  }
}
