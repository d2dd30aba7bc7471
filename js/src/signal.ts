const isAborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")
  ?.get as () => boolean;

/** Tells a real signal, of whatever frame: what only looks like one could throw anywhere. */
export function isSignal(value: unknown): value is AbortSignal {
  try {
    isAborted.call(value);
    return true;
  } catch {
    return false;
  }
}
