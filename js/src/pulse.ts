import { clearTimeout, clock, setTimeout } from "./builtins.js";

/** How often it is asked whether the program answers, in ms. */
const interval = 5000;

/** How long it may take to answer, in ms. */
const patience = 15_000;

/** How much a timer may be late, in ms, and the page not have been frozen, or busy. */
const onTime = 1000;

/** How often an answer that the page may have slept through is asked for again. */
const mostTries = 3;

/**
 * Finds out whether a program that may be gone without a word still answers. Where the page was frozen,
 * the machine asleep or the thread busy, the program may have been as well: then it is asked again.
 */
export class Pulse {
  readonly #ask: () => void;
  readonly #dead: () => void;
  readonly #wanted: () => boolean;
  readonly #each: () => void;
  #question: ReturnType<typeof setTimeout> | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;

  /** Asks again and again while it is `wanted`, and calls `each` each time before. */
  constructor(ask: () => void, dead: () => void, wanted: () => boolean, each = () => {}) {
    this.#ask = ask;
    this.#dead = dead;
    this.#wanted = wanted;
    this.#each = each;
  }

  /** Says that it may be wanted from now on. */
  start(): void {
    if (this.#next !== undefined || !this.#wanted()) {
      return;
    }
    this.#next = setTimeout(() => {
      this.#next = undefined;
      this.#each();
      if (this.#wanted()) {
        this.check();
        this.start();
      }
    }, interval);
  }

  /** Asks now, unless an answer is waited for. */
  check(tries = 1): void {
    if (this.#question !== undefined) {
      return;
    }
    const due = clock.now() + patience;
    this.#question = setTimeout(() => {
      this.#question = undefined;
      if (clock.now() > due + onTime && tries < mostTries) {
        this.check(tries + 1);
      } else {
        this.#dead();
      }
    }, patience);
    this.#ask();
  }

  /** The program has answered. */
  beat(): void {
    clearTimeout(this.#question);
    this.#question = undefined;
  }

  stop(): void {
    this.beat();
    clearTimeout(this.#next);
    this.#next = undefined;
  }
}
