import type { Scope } from "go:wasm_exec";
import { NativePromise, NativeURL } from "./builtins.js";
import type { Program } from "./program.js";

// What wasm_exec.js would take over from the page if it found it there. A
// page may well have such a global, left by a bundler, and it would not be
// what a Go program needs.
const hidden = new Set<PropertyKey>(["Go", "fs", "path", "process"]);

/**
 * Makes the object that a Go program takes for globalThis: reads fall through
 * to the real one, writes stay here. So no global is left behind, and
 * programs of different Go versions live side by side.
 */
export function makeScope(program: Program): Scope {
  const scope = new Proxy(Object.create(null), {
    get: (written, name) =>
      name in written || hidden.has(name) ? written[name] : Reflect.get(globalThis, name),
    has: (written, name) => name in written || (!hidden.has(name) && name in globalThis),
  });
  scope.URL = NativeURL;
  if (globalThis.navigator) {
    scope.navigator = navigatorFor(program);
  }
  return scope;
}

/**
 * What a program needs of the browser's navigator. Its locks are free at its end: it cannot give them up then, and the page, or
 * a Worker that others use, lives on.
 */
function navigatorFor(program: Program): unknown {
  const { navigator } = globalThis;
  return {
    __proto__: null,
    get onLine() {
      return navigator.onLine;
    },
    get locks() {
      const { locks } = navigator;
      const request = (
        name: string,
        options: LockOptions,
        granted: (lock: Lock | null) => unknown,
      ) =>
        locks.request(name, options, (lock) => {
          const freed = granted(lock);
          return lock && freeAtEnd(freed, program);
        });
      return locks && { __proto__: null, request };
    },
  };
}

function freeAtEnd(freed: unknown, program: Program): Promise<void> {
  return new NativePromise((free) => {
    const off = program.onEnd(free);
    NativePromise.resolve(freed).then(() => {
      off();
      free();
    });
  });
}
