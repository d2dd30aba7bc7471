import { NativePromise } from "./builtins.js";
import { type Known, leftError } from "./program.js";

/** Whether somebody may still be there when this page is gone: the page that it is a frame of, or that has opened it. */
export function isOutlived(): boolean {
  const { self, parent, opener } = globalThis;
  return parent !== self || opener != null;
}

/** What settles the Promises that callers hold, where the page goes away before. */
const held = new Set<() => void>();
let left = false;

/**
 * Settles as `work` does, or rejects where the page goes away before, and others outlive it. It is for the Promise that the
 * caller holds: Firefox runs no async function of a frame that is gone, nor one that awaits a Promise of it; but then() is called.
 *
 * @param known is kept current by `work`
 * @param ends says whether `work` ends something, so that nothing is left to do when the page is gone: then it resolves
 */
export function unlessLeft<T>(
  known: Known,
  work: () => Promise<T>,
  ends = () => false,
): Promise<T> {
  if (held.size === 0) {
    globalThis.addEventListener?.("pagehide", leave); // no other one if it is there already
  }
  return new NativePromise((resolve, reject) => {
    const resolves = ends();
    const leaves = () => (resolves ? resolve(undefined as T) : reject(leftError(known)));
    if (left) {
      leaves();
      return;
    }
    held.add(leaves);
    const settled = () => held.delete(leaves);
    try {
      work().then(resolve, reject).then(settled, settled);
    } catch (thrown) {
      settled();
      throw thrown;
    }
  });
}

function leave({ persisted }: PageTransitionEvent): void {
  if (!persisted && isOutlived()) {
    left = true;
    for (const leaves of held) {
      leaves();
    }
  }
}
