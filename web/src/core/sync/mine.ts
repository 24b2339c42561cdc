/** How a conversation is for this user alone; pure. */

import type { Mine } from "../port.ts";
import type { OwnMine } from "../protocol/types.ts";
import type { ConversationRecord } from "../store/schema.ts";

/** The bits of `flags`; a message that counts takes HIDDEN away, reading MARKED_UNREAD. */
export const MUTED = 1;
export const PINNED = 2;
export const MARKED_UNREAD = 4;
export const HIDDEN = 8;

/** Return what the flags and the rest that was told say; that it is muted may be known without knowing until when. */
export function mineOf({ position: { flags }, mine }: ConversationRecord): Mine {
  return {
    level: mine?.level ?? "default",
    muted_until: (flags & MUTED) === 0 ? 0 : (mine?.muted_until ?? Infinity),
    pinned: (flags & PINNED) !== 0,
    hidden: (flags & HIDDEN) !== 0,
    marked_unread: (flags & MARKED_UNREAD) !== 0,
  };
}

/** Return these flags with what was told in place of what they said of it. */
export function flagsWith(flags: number, { muted_until, pinned, marked_unread, hidden }: OwnMine): number {
  const told = (muted_until === null ? 0 : MUTED) | (pinned ? PINNED : 0) | (marked_unread ? MARKED_UNREAD : 0) | (hidden ? HIDDEN : 0);
  return (flags & ~(MUTED | PINNED | MARKED_UNREAD | HIDDEN)) | told;
}
