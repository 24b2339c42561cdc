/** Why one must wait before one writes again: slow mode, or a moderator's word. */

import type { ConversationRow, MessageRow } from "../../core/port.ts";
import { places } from "../../locales/en/places.ts";
import { mediumTime, span } from "../places/times.ts";

const TICK_MS = 500;

export class Pause {
  #until = $state(0);
  #now = $state(Date.now());
  /** A message was refused because a moderator lets one only read; until when nobody told with it. */
  silenced = $state(false);
  /** Until when that is, in ms since 1970; null: it is not known. */
  #silencedUntil = $state<number | null>(null);
  readonly waits = $derived(this.#until > this.#now);
  readonly words = $derived.by(() => {
    if (this.silenced && this.#silencedUntil === null) return places.silenced;
    if (this.silenced && (this.#silencedUntil ?? 0) > this.#now) return places.silencedUntil(mediumTime(this.#silencedUntil ?? 0));
    return this.waits ? places.slowWait(span(this.#until - this.#now)) : "";
  });

  /** Learn from this user's newest message: when it was sent, or why it was refused. */
  look({ role, rules }: ConversationRow, mine: MessageRow | undefined): void {
    const { reason, retry_after_ms = 0 } = mine?.error ?? {};
    this.silenced = reason === "silenced";
    if (!this.silenced) this.#silencedUntil = null;
    if (mine === undefined || role === "admin" || role === "owner") this.#wait(0);
    else if (reason === "slow_mode") this.#wait(mine.created_at + retry_after_ms);
    else if (mine.state === "sent") this.#wait(mine.created_at + rules.slow_mode_s * 1_000);
  }

  /** Learn until when this user only reads; null: nobody tells. */
  silencedUntil(at: number | null): void {
    this.#now = Date.now();
    this.#silencedUntil = at;
  }

  /** Let the clock run while somebody sees it; returns what stops it. */
  run(): () => void {
    const timer = setInterval(() => {
      if (this.waits || this.silenced) this.#now = Date.now();
    }, TICK_MS);
    return () => clearInterval(timer);
  }

  #wait(until: number): void {
    this.#now = Date.now();
    this.#until = until;
  }
}
