/** What a page asks about the bots of the server, as an admin of it. Types only. */

import type { Person } from "../port.ts";
import type { Bot, BotToken, ChangeBot, NewBot, UserId } from "../protocol/types.ts";

export type { BotToken, Scope } from "../protocol/types.ts";

export interface BotRow extends Pick<Bot, "user_id" | "name" | "scopes"> {
  readonly owner: Person;
  /** Milliseconds since 1970. */
  readonly created_at: number;
}

interface Which {
  readonly user_id: UserId;
}

export interface BotAsks {
  /** In the order of their names. */
  bots: [Record<never, never>, readonly BotRow[]];
  /** Answered with the token, which is told only here. */
  make_bot: [NewBot, BotToken];
  /** Its token is good for these from now on. */
  change_bot: [Which & ChangeBot, Record<never, never>];
  /** Another token, told only here; the one before ends. */
  renew_bot: [Which, BotToken];
  remove_bot: [Which, Record<never, never>];
}

export type BotName = keyof BotAsks;
