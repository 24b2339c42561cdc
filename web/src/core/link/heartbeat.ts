/** The client's heartbeat: when to ping, and when to give the connection up because no pong came. */

import { CONSTANTS } from "../protocol/types.ts";
import { earliest } from "./fetches.ts";

/** A connection that is asked whether it is alive answers within this time, or is given up. */
const HURRIED_S = 3;

export class Heartbeat {
  #pingAt: number | null = null;
  #pongBy: number | null = null;
  #everyS: number = CONSTANTS.HEARTBEAT_S;

  /** Start with a fresh connection. */
  begin(now: number, everyMs: number): void {
    this.#everyS = everyMs / 1_000;
    this.#pingAt = now + this.#everyS;
    this.#pongBy = null;
  }

  /** Stop: there is no connection. */
  end(): void {
    this.#pingAt = null;
    this.#pongBy = null;
  }

  /** Ping at once, and be impatient: the device woke up or the network changed, so the connection may be dead. */
  hurry(now: number): void {
    if (this.#pingAt === null) return;
    this.#pingAt = now;
    this.#pongBy = Math.min(this.#pongBy ?? Infinity, now + HURRIED_S);
  }

  /** Say whether to ping now; if so, the pong is awaited from here on. */
  isDue(now: number): boolean {
    if (this.#pingAt === null || now < this.#pingAt) return false;
    this.#pingAt = now + this.#everyS;
    this.#pongBy ??= now + CONSTANTS.PONG_WITHIN_S;
    return true;
  }

  /** The pong is here. */
  heard(): void {
    this.#pongBy = null;
  }

  /** Say whether the pong is overdue. */
  isLost(now: number): boolean {
    return this.#pongBy !== null && now >= this.#pongBy;
  }

  /** Return when `isDue` or `isLost` changes. */
  nextAt(): number | null {
    return earliest([this.#pingAt, this.#pongBy]);
  }
}
