/** How long one must wait before one writes again: slow mode, or a moderator's word. */

import type { ConversationRow, MessageRow } from "../../core/port.ts";
import { places } from "../../locales/places.ts";
import { mediumTime, span } from "../places/times.ts";

const TICK_MS = 500;
/** A wait that is longer is said as a time of day. */
const LONG_MS = 60_000;

export class Pause {
  #until = $state(0);
  #now = $state(Date.now());
  #silenced = $state(false);
  readonly waits = $derived(this.#until > this.#now);
  readonly words = $derived.by(() => {
    if (!this.waits) return "";
    if (!this.#silenced) return places.slowWait(span(this.#until - this.#now));
    return places.silencedUntil(this.#until - this.#now > LONG_MS ? mediumTime(this.#until) : span(this.#until - this.#now));
  });

  /** Learn from this user's newest message: when it was sent, or why it was refused. */
  look({ role, rules }: ConversationRow, mine: MessageRow | undefined): void {
    if (mine === undefined || role === "admin" || role === "owner") return;
    const { reason, retry_after_ms = 0 } = mine.error ?? {};
    if (reason === "silenced" || reason === "slow_mode") this.#wait(mine.created_at + retry_after_ms, reason === "silenced");
    else if (mine.state === "sent" && rules.slow_mode_s > 0) this.#wait(mine.created_at + rules.slow_mode_s * 1_000, false);
  }

  /** Let the clock run while somebody sees it; returns what stops it. */
  run(): () => void {
    const timer = setInterval(() => {
      if (this.waits) this.#now = Date.now();
    }, TICK_MS);
    return () => clearInterval(timer);
  }

  #wait(until: number, silenced: boolean): void {
    this.#now = Date.now();
    if (until <= this.#until || until <= this.#now) return;
    this.#until = until;
    this.#silenced = silenced;
  }
}
