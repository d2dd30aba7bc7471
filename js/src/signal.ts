// What a page has put on a signal of its own, such as a removeEventListener that throws, counts for nothing: all that is asked
// of a signal is asked by the browser's own functions.

const { apply } = Reflect;
const { addEventListener, removeEventListener } = AbortSignal.prototype;
const getterOf = (name: "aborted" | "reason") =>
  Object.getOwnPropertyDescriptor(AbortSignal.prototype, name)?.get;
const isAborted = getterOf("aborted") as () => boolean;
const getReason = getterOf("reason"); // older browsers have none

/** Tells a real signal, of whatever frame: what only looks like one could throw anywhere. */
export function isSignal(value: unknown): value is AbortSignal {
  if (value === undefined) {
    return false; // most often, and what is thrown costs more than all else of a call here
  }
  try {
    apply(isAborted, value, []);
    return true;
  } catch {
    return false;
  }
}

/** Whether a real signal has fired. */
export function hasFired(signal: AbortSignal): boolean {
  return apply(isAborted, signal, []);
}

/** Why a real signal has fired. */
export function reasonOf(signal: AbortSignal): unknown {
  return getReason && apply(getReason, signal, []);
}

/** Calls `fired` when a real signal fires; returns what ends that. */
export function onAbort(signal: AbortSignal, fired: () => void): () => void {
  apply(addEventListener, signal, ["abort", fired]);
  return () => apply(removeEventListener, signal, ["abort", fired]);
}

/** The signal among options, which may be anything, such as an array that cannot be read. */
export function signalOf(options: unknown): unknown {
  try {
    return (options as { signal?: unknown } | undefined)?.signal;
  } catch {
    return undefined;
  }
}

/** Leaves a real signal out of options; what is none stays among them, to be refused. */
export function withoutSignal(options: unknown, signal: unknown): unknown {
  return isSignal(signal)
    ? { __proto__: null, ...(options as object), signal: undefined }
    : options;
}
