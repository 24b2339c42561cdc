/** What is unread of a conversation besides its main timeline: replies in followed threads, and mentions anywhere; pure. */

import type { ConversationRow } from "../../core/port.ts";

export function marksOf({ mentions, threads }: Pick<ConversationRow, "mentions" | "threads">): { readonly mentions: number; readonly replies: number } {
  const followed = Object.values(threads).filter(({ following }) => following);
  return {
    mentions: followed.reduce((sum, one) => sum + one.mentions, mentions),
    replies: followed.reduce((sum, one) => sum + one.unread, 0),
  };
}
