// JavaScript's own functions, as they were when the loader was loaded. Pages replace them, before and
// after: Prototype.js has an Array.from of its own and methods of arrays that are not the standard's,
// others wrap fetch and JSON, and what is on Object.prototype is found in every object. So what the loader
// needs on the road of a call is from here, or is syntax; and what it makes to be read by others, such as the options of
// fetch, inherits nothing.

/** The Promise of async functions, whatever a page has put in its place. */
export const NativePromise = (async () => {})().constructor as PromiseConstructor;

/** Those that everybody takes for the standard's: many an old page has a Map of its own. */
export const NativeMap = Map;
export const NativeSet = Set;

export const { parse, stringify } = JSON;
export const { keys, defineProperty, hasOwn } = Object;
export const { getPrototypeOf: prototypeOf, getOwnPropertyDescriptors: describeOwn } = Object;
export const { isArray } = Array;
export const { isFinite: isFiniteNumber } = Number;
export const { fetch, setTimeout, clearTimeout, crypto } = globalThis;
export const { AbortController, CustomEvent, Headers, MessageChannel } = globalThis;

export const { URL: NativeURL } = globalThis;

/** What tells the time, in ms. Under its name many a page has a variable of its own, such as an agent's performance. */
export const clock: { now(): number } =
  typeof globalThis.performance?.now === "function" ? globalThis.performance : Date;

/** Reports an error as one that nobody has caught. */
export const reportError: (error: unknown) => void =
  globalThis.reportError ??
  ((error) => {
    setTimeout(() => {
      throw error;
    });
  });

const { apply } = Reflect;
const { getTime } = Date.prototype;
const { toString: toTypeName } = Object.prototype;

/** The time of a Date, of whatever frame; NaN if that is invalid. Throws for what is none. */
export function timeOf(value: object): number {
  return apply(getTime, value, []);
}

/** What Object.prototype.toString says of a value. Throws for a revoked Proxy. */
export function typeNameOf(value: unknown): string {
  return apply(toTypeName, value, []);
}
