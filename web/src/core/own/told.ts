/** What is told of the user's own, as it is stored here: drafts, and how a conversation is for him; pure. */

import type { Draft } from "../port.ts";
import type { OwnMine, SetMine, StoredChange } from "../protocol/types.ts";
import type { Batch, ConversationRecord, DraftPlace } from "../store/schema.ts";
import { unknownConversation } from "../sync/fold.ts";
import { mineOf } from "../sync/mine.ts";

/** What is stored so far. */
interface Known {
  readonly conversations: ReadonlyMap<number, ConversationRecord>;
  draft(id: DraftPlace[0], thread_seq: number): Draft | null;
}

/** Return the batch with what was told in it; of lists that changed the pages are told to ask again. */
export function withOwn(batch: Batch, changes: readonly StoredChange[], known: Known): Batch {
  const conversations = new Map((batch.conversations ?? []).map((record) => [record.conversation_id, record]));
  const drafts = new Map<string, readonly [DraftPlace, Draft]>();
  const lists: StoredChange[] = [];
  for (const change of changes) {
    if (change.change === "mine") {
      const { conversation_id: id, level, muted_until } = change;
      const record = conversations.get(id) ?? known.conversations.get(id) ?? unknownConversation(id);
      conversations.set(id, { ...record, mine: { level, muted_until: muted_until === null ? 0 : Date.parse(muted_until) } });
    } else if (change.change === "draft") {
      const place: DraftPlace = [change.conversation_id, change.thread_seq ?? 0];
      const changed_at = Date.parse(change.changed_at);
      const kept = known.draft(...place);
      // What this device has written since is on its way, and will win there.
      if (kept !== null && kept.changed_at !== kept.shared_at && changed_at < kept.changed_at) continue;
      const end = change.text.length;
      drafts.set(String(place), [place, { text: change.text, target_seq: change.target_seq ?? null, selection: [end, end], changed_at, shared_at: changed_at }]);
    } else if (change.change !== "thread") {
      lists.push(change);
    }
  }
  return {
    ...batch,
    ...(conversations.size > 0 && { conversations: [...conversations.values()] }),
    ...(drafts.size > 0 && { drafts: [...drafts.values()] }),
    ...(lists.length > 0 && { own: lists }),
  };
}

/** Return how a conversation is once the server has done this. */
export function mineAfter(record: ConversationRecord, set: Omit<SetMine, "id">): OwnMine {
  const { level, muted_until, pinned, hidden, marked_unread } = mineOf(record);
  const until = set.muted_until == null ? muted_until : Date.parse(set.muted_until);
  return {
    change: "mine",
    conversation_id: record.conversation_id,
    level: set.level ?? level,
    muted_until: until > Date.now() ? new Date(Math.min(until, FOR_EVER)).toISOString() : null,
    pinned: set.pinned ?? pinned,
    hidden: set.hidden ?? hidden,
    marked_unread: set.marked_unread ?? marked_unread,
  };
}

/** The last year that the server's times can name. */
const FOR_EVER = Date.UTC(9999, 11, 31);
