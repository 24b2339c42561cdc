/** When to connect again: full jitter over a doubling window, so that a crowd comes back spread out (client rule 7). */

const FIRST_S = 0.5;
const MOST_S = 30;

/** A connection that was live this long counts as a success: the next wait starts small again. */
export const STABLE_S = 10;

export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives 0 to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Begin with short waits again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Return the next wait; each call doubles its bound. */
  waitS(): number {
    const bound = Math.min(MOST_S, FIRST_S * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    return this.#random() * bound;
  }

  /** Return a wait inside the window that a draining server gave. */
  withinS([low, high]: readonly [number, number]): number {
    return (low + this.#random() * Math.max(0, high - low)) / 1_000;
  }
}
