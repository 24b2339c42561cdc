/** Which tab of this account leads: the holder of a Web Lock, taken from a leader that has stopped while this tab is visible. */

const SILENCE_MS = 1_500;
const LOOK_MS = 250;
/** Time for a page's first beat to be heard before its silence counts. */
const GRACE_MS = 500;

export interface LeadEvents {
  /** This tab leads from here on. */
  won(): void;
  /** Another tab took over: stop at once. */
  lost(): void;
}

export class Lead {
  readonly #name: string;
  readonly #events: LeadEvents;
  readonly #locks: LockManager | undefined;
  #leads = false;
  #ended = false;
  #queued = false;
  #visible = true;
  #heardAt = performance.now() + GRACE_MS;
  #release: (() => void) | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  readonly #queue = new AbortController();

  /** Without locks (hardened modes) this tab leads alone. */
  constructor(name: string, locks: LockManager | undefined, events: LeadEvents) {
    this.#name = name;
    this.#locks = locks;
    this.#events = events;
  }

  start(): void {
    if (this.#locks === undefined) {
      this.#leads = true;
      this.#events.won();
      return;
    }
    this.#request(false);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** The leader was heard. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** Only a visible tab takes over by force; a hidden one waits its turn. */
  visible(visible: boolean): void {
    if (visible && !this.#visible) this.#heardAt = performance.now();
    this.#visible = visible;
  }

  /** Give the lead up and never ask again. */
  end(): void {
    this.#ended = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#queue.abort();
    this.#release?.();
  }

  #look(): void {
    if (this.#leads || !this.#visible || performance.now() - this.#heardAt < SILENCE_MS) return;
    this.#heardAt = performance.now();
    this.#request(true);
  }

  #request(steal: boolean): void {
    if (!steal && this.#queued) return;
    this.#queued ||= !steal;
    const options: LockOptions = steal ? { steal: true } : { signal: this.#queue.signal };
    this.#locks?.request(this.#name, options, () => this.#hold(steal)).catch(() => this.#deposed());
  }

  #hold(stolen: boolean): Promise<void> {
    if (!stolen) this.#queued = false;
    if (this.#ended || this.#leads) return Promise.resolve();
    return new Promise((release) => {
      this.#release = release;
      this.#leads = true;
      this.#events.won();
    });
  }

  /** A stolen lock rejects its request; queue again, or this tab would never lead again. */
  #deposed(): void {
    const led = this.#leads;
    this.#leads = false;
    this.#release = null;
    if (this.#ended) return;
    this.#heardAt = performance.now();
    if (led) this.#events.lost();
    this.#request(false);
  }
}
