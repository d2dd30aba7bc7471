import { isArray, keys, stringify } from "./builtins.js";

/** What JSON text is made of. A property that is undefined is left out. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | undefined
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
