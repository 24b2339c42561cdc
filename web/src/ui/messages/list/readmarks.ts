/** Says what was read: a row whose lower edge was on screen for half a second in a visible, focused window. */

const SEEN_MS = 500;

export class ReadMarks {
  readonly #report: (seq: number) => void;
  #lowest: number | null = null;
  #now = 0;
  #reported = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(report: (seq: number) => void) {
    this.#report = report;
  }

  /** The last row that is wholly on screen now; `read` is what the server knows already. */
  see(seq: number, read: number): void {
    this.#now = seq;
    this.#reported = Math.max(this.#reported, read);
    if (this.#lowest !== null) this.#lowest = Math.min(this.#lowest, seq);
    if (seq > this.#reported && this.#timer === null) this.#start();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #start(): void {
    this.#lowest = this.#now;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const seen = this.#lowest ?? 0;
      this.#lowest = null;
      const watched = document.visibilityState === "visible" && document.hasFocus();
      if (watched && seen > this.#reported) {
        this.#reported = seen;
        this.#report(seen);
      }
      if (this.#now > this.#reported) this.#start();
    }, SEEN_MS);
  }
}
