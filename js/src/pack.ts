// What callers pass, made fit for a message to the Worker. Nobody needs what
// is no plain value there, but for the name of its type in an error; so
// something else of that type is put in its place.

import { isArray, timeOf } from "./call-text.js";

/** A value on its way. */
export type Packed =
  | { value: unknown }
  | { list: Packed[] }
  | { fields: [string, Packed][] }
  | { time: number }
  | { odd: "function" | "symbol" | "object" };

/** Packs the own properties of an object that a caller passed, or what is none. */
export function packFields(given: unknown): Packed {
  if (typeof given !== "object" || given === null || isArray(given)) {
    return pack(given);
  }
  return { fields: Object.entries(given).map(([name, value]) => [name, pack(value)]) };
}

function pack(value: unknown): Packed {
  if (typeof value === "function" || typeof value === "symbol") {
    return { odd: typeof value as "function" | "symbol" };
  }
  if (typeof value !== "object" || value === null) {
    return { value };
  }
  const time = timeOf(value);
  if (time !== undefined) {
    return { time };
  }
  try {
    return isArray(value) ? { list: Array.from(value as unknown[], pack) } : { odd: "object" };
  } catch {
    return { odd: "object" }; // an array that cannot be read: a Proxy
  }
}

/** Makes of it what the caller may have passed. */
export function unpack(packed: Packed): unknown {
  if ("fields" in packed) {
    return Object.fromEntries(packed.fields.map(([name, value]) => [name, unpack(value)]));
  }
  if ("list" in packed) {
    return packed.list.map(unpack);
  }
  if ("time" in packed) {
    return new Date(packed.time);
  }
  if ("odd" in packed) {
    return { function: () => {}, symbol: Symbol(), object: {} }[packed.odd];
  }
  return packed.value;
}

/**
 * What a caller threw, or aborted with. An object stays where it is, so that
 * the caller gets back the same one: its name and message go in its place, and where to find it.
 */
export type Thrown = { value: unknown } | { at: Place; name: string; message: string };

/** Where what was thrown is kept: with the signal of a call, or of a question for headers. */
export interface Place {
  of: "signal" | "headers";
  id: number;
}

/** Packs what was thrown. */
export function packThrown(value: unknown, at: Place): Thrown {
  if (typeof value === "symbol" || typeof value === "function") {
    return { at, name: "", message: `a ${typeof value}` };
  }
  if (typeof value !== "object" || value === null) {
    return { value };
  }
  return { at, name: text(value, "name"), message: text(value, "message") };
}

function text(object: object, name: "name" | "message"): string {
  try {
    const value = (object as { [name: string]: unknown })[name];
    return typeof value === "string" ? value : "";
  } catch {
    return ""; // a getter that throws
  }
}

/** Stands in the Worker for what was thrown. */
export class StandIn {
  readonly name: string;
  readonly message: string;
  readonly at: Place;

  constructor({ at, name, message }: { at: Place; name: string; message: string }) {
    this.at = at;
    this.name = name;
    this.message = message;
  }
}

/** Makes of it what can be thrown. */
export function unpackThrown(thrown: Thrown): unknown {
  return "at" in thrown ? new StandIn(thrown) : thrown.value;
}
