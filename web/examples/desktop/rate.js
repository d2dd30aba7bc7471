const window = 20_000; // ms that are looked back on

/** How often something happens. */
export class Rate {
  #counts = [{ at: performance.now(), count: 0 }];
  #count = 0;
  #began = false;

  /** It has happened so many times more. */
  add(count = 1) {
    this.#note(this.#count + count);
  }

  /** It has happened so many times until now; what was before the first call does not count. */
  total(count) {
    if (!this.#began) this.#counts = [{ at: performance.now(), count }];
    this.#note(count);
  }

  #note(count) {
    this.#began = true;
    this.#count = count;
    this.#counts.push({ at: performance.now(), count });
  }

  get aMinute() {
    const now = performance.now();
    while (this.#counts.length > 1 && now - this.#counts[1].at > window) this.#counts.shift();
    const [{ at, count }] = this.#counts;
    const time = Math.max(Math.min(now - at, window), 1000);
    return Math.round(((this.#count - count) / time) * 60_000);
  }
}
