/** What a page asks about the server's own emoji. Types only. */

import type { CustomEmoji, CustomEmojis, NewEmoji } from "../protocol/types.ts";

export type { CustomEmoji } from "../protocol/types.ts";

export interface EmojiAsks {
  /** In the order of their names. */
  emoji: [Record<never, never>, CustomEmojis];
  /** `picture`: base64. */
  add_emoji: [NewEmoji, CustomEmoji];
  remove_emoji: [{ name: string }, Record<never, never>];
}

export type EmojiName = keyof EmojiAsks;
