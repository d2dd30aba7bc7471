// What a test has not: a page, a program that may fall silent, a server to be found again. In the bundle for
// tests these take the place of pulse.ts, page.ts and transport-memory.ts: see build.mjs.

import type { Pulse as RealPulse } from "./pulse.js";
import type { TransportMemory as RealMemory } from "./transport-memory.js";

export class Pulse implements Pick<RealPulse, keyof RealPulse> {
  start(): void {}
  check(): void {}
  beat(): void {}
  stop(): void {}
}

export class TransportMemory implements Pick<RealMemory, keyof RealMemory> {
  readonly first = undefined;
  note(): void {}
  forget(): void {}
}

export function watchPage(): () => void {
  return () => {};
}
