/** How this user stands to the threads of a conversation: the server's numbers, and what has come since; pure. */

import type { ThreadMarks } from "../link/actions.ts";
import type { MessageRow, UserId } from "../port.ts";
import type { MessageSent } from "../protocol/types.ts";
import type { ConversationRecord } from "../store/schema.ts";

/** Most threads whose marks a device keeps of one conversation; those with the oldest roots go. */
const KEPT = 200;
const NONE: ThreadMarks = { following: false, read: 0, unread: 0, mentions: 0, counted: 0 };

/** Return the record with what the server says of a thread. */
export function withMarks(record: ConversationRecord, thread_seq: number, marks: Partial<ThreadMarks>): ConversationRecord {
  const known = record.threads?.[thread_seq] ?? NONE;
  // A mark that was overtaken by this device's own reading.
  if (marks.read !== undefined && marks.read < known.read) return record;
  return put(record, thread_seq, { ...known, ...marks });
}

/** Return what is left when this user has read a thread up to `seq`; `replies`: those that are held. */
export function readUpTo(replies: readonly MessageRow[], seq: number, me: UserId): Partial<ThreadMarks> {
  const unread = replies.filter((row) => (row.seq ?? 0) > seq && row.sender_id !== me && row.broadcast !== true).length;
  return { read: seq, unread, mentions: 0 };
}

/** Return how he stands to a thread that he begins to follow (nothing in it is unread), or leaves. */
export function followed(replies: readonly MessageRow[], following: boolean): Partial<ThreadMarks> {
  return following ? { following, read: replies.at(-1)?.seq ?? 0, unread: 0, mentions: 0 } : { following };
}

/**
 * Return the record with one more reply in a thread; the same one where nothing changes for this user.
 *
 * Who replies, is mentioned or wrote the root follows; `root`: the row that it hangs on, as far as it is known.
 */
export function withReply(record: ConversationRecord, entry: MessageSent, root: MessageRow | null, me: UserId): ConversationRecord {
  const thread_seq = entry.thread_seq ?? 0;
  const known = record.threads?.[thread_seq] ?? NONE;
  if (entry.seq <= known.counted) return record;
  if (entry.sender_id === me) return put(record, thread_seq, { following: true, read: entry.seq, unread: 0, mentions: 0, counted: entry.seq });
  const mentioned = entry.mentions?.some((user) => user === me || user === 0) === true;
  const following = known.following || entry.mentions?.includes(me) === true || (root?.sender_id === me && record.threads?.[thread_seq] === undefined);
  if (!following) return record;
  // One that stands in the main timeline too counts there.
  const counts = entry.broadcast !== true && entry.seq > known.read;
  return put(record, thread_seq, {
    following,
    read: known.read,
    unread: known.unread + Number(counts),
    mentions: known.mentions + Number(counts && mentioned),
    counted: entry.seq,
  });
}

function put(record: ConversationRecord, thread_seq: number, marks: ThreadMarks): ConversationRecord {
  const kept = Object.entries(record.threads ?? {}).filter(([seq]) => Number(seq) !== thread_seq);
  return { ...record, threads: Object.fromEntries([...kept.slice(1 - KEPT), [thread_seq, marks]]) };
}
