const { apply } = Reflect;
const isAborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")
  ?.get as () => boolean;

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
