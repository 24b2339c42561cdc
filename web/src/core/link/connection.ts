/** Client rule 7 and the clock of one connection: when it is given up, and how long until the next one. */

import { CLOSE_CODES, type Welcome } from "../protocol/types.ts";
import { Backoff, STABLE_S } from "./backoff.ts";
import { earliest } from "./fetches.ts";
import { Heartbeat } from "./heartbeat.ts";

const WELCOME_WITHIN_S = 10;

export class Connection {
  readonly heartbeat = new Heartbeat();
  /** The server has said welcome. */
  isOpen = false;
  /** More heads are to come: what this device holds is not compared yet. */
  headsOpen = false;
  /** What the next session may resume with, once all that came before it is stored. */
  newToken: string | null = null;
  liveSince: number | null = null;
  readonly #backoff: Backoff;
  #welcomeBy: number | null = null;
  #moveAt: number | null = null;

  /** `random` gives 0 to 1. */
  constructor(random: () => number) {
    this.#backoff = new Backoff(random);
  }

  /** A fresh connection: the hello leaves now. */
  began(now: number): void {
    this.#welcomeBy = now + WELCOME_WITHIN_S;
  }

  welcomed(now: number, welcome: Welcome): void {
    this.#welcomeBy = null;
    this.isOpen = true;
    this.newToken = welcome.resume_token;
    this.heartbeat.begin(now, welcome.heartbeat_ms);
  }

  /** The server goes: leave at a time of one's own within this window, so that not all come back at once. */
  drains(now: number, window_ms: readonly [number, number]): void {
    this.#moveAt = now + this.#backoff.withinS(window_ms);
  }

  /** Return the close code with which to give the connection up now; null: it goes on. */
  over(now: number): number | null {
    if (this.heartbeat.isLost(now) || (this.#welcomeBy !== null && now >= this.#welcomeBy)) return CLOSE_CODES.NO_PONG;
    return this.#moveAt !== null && now >= this.#moveAt ? CLOSE_CODES.NORMAL : null;
  }

  /** Forget the connection; return how many seconds to wait before the next one. */
  ended(now: number): number {
    if (this.liveSince !== null && now - this.liveSince >= STABLE_S) this.#backoff.succeeded();
    const waitS = this.#moveAt === null ? this.#backoff.waitS() : Math.max(0, this.#moveAt - now);
    this.isOpen = false;
    this.headsOpen = false;
    this.newToken = null;
    this.liveSince = null;
    this.#welcomeBy = null;
    this.#moveAt = null;
    this.heartbeat.end();
    return waitS;
  }

  /** Return when `over` or the heartbeat has something new; null: not before something else happens. */
  nextAt(): number | null {
    return earliest([this.#welcomeBy, this.#moveAt, this.isOpen ? this.heartbeat.nextAt() : null]);
  }
}
