/** What a page asks about all that is unread. Types only. */

import type { MessageRow } from "../port.ts";
import type { ConversationId } from "../protocol/types.ts";

/** A conversation with unread messages. */
export interface UnreadRow {
  readonly conversation_id: ConversationId;
  /** Its last seq: whoever reads it all reads up to here. */
  readonly head: number;
  readonly unread: number;
  readonly mentions: number;
  /** The first few unread messages, oldest first. */
  readonly rows: readonly MessageRow[];
}

export interface UnreadAsks {
  /** A page of what is neither muted nor hidden, the last message first; `cursor` is that of the page before. */
  unreads: [{ cursor: string | null }, { readonly conversations: readonly UnreadRow[]; readonly cursor: string | null }];
}

export type UnreadName = keyof UnreadAsks;
