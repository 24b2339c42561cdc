/** Whether somebody is at this tab: something was done in it within the last five minutes. */

const IDLE_MS = 300_000;
/** What is done every few milliseconds is noted once in this time. */
const NOTED_MS = 5_000;
const DONE = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "focus"] as const;

export class Activity {
  active = true;
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notedAt = 0;
  readonly #note = (): void => this.#did();

  constructor(changed: () => void) {
    this.#changed = changed;
    for (const what of DONE) addEventListener(what, this.#note, { passive: true, capture: true });
    this.#did();
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const what of DONE) removeEventListener(what, this.#note, { capture: true });
  }

  #did(): void {
    const now = Date.now();
    if (this.active && now - this.#notedAt < NOTED_MS) return;
    this.#notedAt = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#become(false), IDLE_MS);
    this.#become(true);
  }

  #become(active: boolean): void {
    if (active === this.active) return;
    this.active = active;
    this.#changed();
  }
}
