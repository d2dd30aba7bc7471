import type { Given } from "./given.js";

/** Reads what given.ts has written. What is not given is left out. */
export function readGiven(given: Given): unknown {
  if (typeof given !== "object" || given === null) {
    return given;
  }
  if ("fields" in given) {
    const fields: { [name: string]: unknown } = {};
    for (const [name, inner] of Object.entries(given.fields)) {
      if (inner !== null) {
        fields[name] = readGiven(inner);
      }
    }
    return fields;
  }
  if ("list" in given) {
    return given.list.map(readGiven);
  }
  if ("time" in given) {
    return new Date(given.time ?? Number.NaN);
  }
  if ("number" in given) {
    return Number(given.number);
  }
  return "type" in given && given.type === "undefined" ? undefined : Symbol("a value of no use");
}

/** Whether what was passed is a function: it stays on the page. */
export function isFunction(given: Given): boolean {
  return (given as { type?: unknown } | null)?.type === "function";
}
