import type { Scope } from "go:wasm_exec";

// What wasm_exec.js would take over from the page if it found it there. A
// page may well have such a global, left by a bundler, and it would not be
// what a Go program needs.
const hidden = new Set<PropertyKey>(["Go", "fs", "path", "process"]);

/**
 * Makes the object that a Go program takes for globalThis: reads fall through
 * to the real one, writes stay here. So no global is left behind, and
 * programs of different Go versions live side by side.
 */
export function makeScope(): Scope {
  return new Proxy(Object.create(null), {
    get: (written, name) =>
      name in written || hidden.has(name) ? written[name] : Reflect.get(globalThis, name),
    has: (written, name) => name in written || (!hidden.has(name) && name in globalThis),
  });
}
