import { clock, NativePromise } from "./builtins.js";

/**
 * Holds a lock, which whoever waits for it gets when this page or Worker is no more, whatever ended it: there is no other
 * sign of that in every browser. Gives what frees it before; undefined where there are no locks.
 */
export function hold(name: string): Promise<(() => void) | undefined> {
  return new NativePromise((held) => {
    const forever = () => new NativePromise<void>((free) => held(free));
    (navigator.locks?.request(name, forever) ?? NativePromise.reject()).catch(() =>
      held(undefined),
    );
  });
}

/** Makes a name for a lock, which no other has. It begins with `prefix`. */
export function lockName(prefix = "gws-outbound"): string {
  return `${prefix} ${Math.random()} ${clock.now()}`;
}
