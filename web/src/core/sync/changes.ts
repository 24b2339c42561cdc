/**
 * What entries make of the messages and polls before them; pure, by the rules of src/seriatim/protocol/messages/fold.py.
 *
 * A page tells messages in their present state, an event only what was sent. A row knows by `changed_seq` which changes
 * are in it already: one that was read after a change, and then meets the change, stays as it is.
 */

import type { Change, ChangeRow, MessageRow, Reaction, UserId } from "../port.ts";
import type { Entry, MessageSent, PollStarted, ReactionAdded, ReactionRemoved } from "../protocol/types.ts";
import { lex } from "../text/lex.ts";

/** Return the seq of the message that this entry changes: its target, or the root of the thread it replies in. */
export function changedBy(entry: Entry): number | null {
  if (isChange(entry)) return entry.target_seq;
  return entry.kind === "message_sent" ? (entry.thread_seq ?? null) : null;
}

export function isChange(entry: Entry): entry is Change {
  switch (entry.kind) {
    case "message_edited":
    case "message_deleted":
    case "reaction_added":
    case "reaction_removed":
    case "message_pinned":
    case "message_unpinned":
    case "poll_voted":
    case "poll_closed":
      return true;
    default:
      return false;
  }
}

/** Return the row with this entry in it; the same row when it is in it already, or concerns it in no way. */
export function changed(row: MessageRow, entry: Change, me: UserId): MessageRow {
  if (entry.seq <= (row.changed_seq ?? 0)) return row;
  const now: MessageRow = { ...row, changed_seq: entry.seq };
  switch (entry.kind) {
    case "message_edited":
      return { ...now, body: entry.body, tokens: lex(entry.body), edited_seq: entry.seq };
    case "message_deleted":
      return emptied(now, entry.seq);
    case "reaction_added":
      return { ...now, reactions: reacted(now, entry, 1, me) };
    case "reaction_removed":
      return { ...now, reactions: reacted(now, entry, -1, me) };
    case "message_pinned":
      return { ...now, pinned_seq: entry.seq };
    case "message_unpinned":
      return { ...now, pinned_seq: null };
    case "poll_voted": {
      if (now.poll === undefined) return now;
      const { votes, voters = 0, options = [] } = entry;
      const chosen = entry.sender_id === me ? options : now.poll.chosen;
      return { ...now, poll: { ...now.poll, votes: voters > 0 ? votes : [], voters, chosen } };
    }
    case "poll_closed":
      return now.poll === undefined ? now : { ...now, poll: { ...now.poll, closed: true } };
    default:
      return entry satisfies never;
  }
}

/** Return the root of a thread with one more reply, unless that one is counted there already. */
export function replied(root: MessageRow, seq: number, at: number): MessageRow {
  if (seq <= (root.thread?.last_seq ?? 0)) return root;
  return { ...root, thread: { count: (root.thread?.count ?? 0) + 1, last_seq: seq, last_at: at } };
}

/** Return what a page tells of a message or poll besides its words. */
export function stateOf(entry: MessageSent | PollStarted): Partial<MessageRow> {
  const { changed_seq, deleted_seq, pinned_seq, reactions = [], thread } = entry;
  return {
    ...(changed_seq != null && { changed_seq }),
    ...(deleted_seq != null && { deleted_seq }),
    ...(pinned_seq != null && { pinned_seq }),
    ...(reactions.length > 0 && { reactions }),
    ...(thread != null && { thread: { count: thread.count, last_seq: thread.last_seq, last_at: Date.parse(thread.last_at) } }),
    ...(entry.kind === "message_sent" ? sentState(entry) : deleted_seq == null && { poll: pollOf(entry) }),
  };
}

/** Return an edit's row without its words: what it changed was deleted. */
export function blanked(row: ChangeRow): ChangeRow {
  return row.entry.kind === "message_edited" ? { ...row, entry: { ...row.entry, body: "", previous: "" } } : row;
}

function sentState({ thread_seq, broadcast, mentions = [], edited_seq, forwarded, via, sent_at }: MessageSent): Partial<MessageRow> {
  return {
    ...(thread_seq != null && { thread_seq }),
    ...(broadcast === true && { broadcast }),
    ...(mentions.length > 0 && { mentions }),
    ...(edited_seq != null && { edited_seq }),
    ...(forwarded != null && { forwarded }),
    ...(via != null && { via }),
    ...(sent_at != null && { sent_at: Date.parse(sent_at) }),
  };
}

function pollOf(entry: PollStarted): NonNullable<MessageRow["poll"]> {
  const { options, multiple = false, anonymous = false, closes_at, votes = [], voters = 0, chosen = [], closed_seq } = entry;
  return {
    options, multiple, anonymous, votes, voters, chosen,
    closes_at: closes_at == null ? null : Date.parse(closes_at),
    closed: closed_seq != null,
  };
}

function emptied(row: MessageRow, deleted_seq: number): MessageRow {
  const { mentions: _mentions, edited_seq: _edited, pinned_seq: _pinned, reactions: _reactions, forwarded: _forwarded, poll: _poll, ...left } = row;
  return { ...left, deleted_seq, body: "", tokens: [] };
}

/** The most frequent first, then by code points. */
function reacted({ reactions = [] }: MessageRow, { emoji, sender_id }: ReactionAdded | ReactionRemoved, step: 1 | -1, me: UserId): readonly Reaction[] {
  const [, count, mine] = reactions.find(([other]) => other === emoji) ?? [emoji, 0, false];
  const now: Reaction = [emoji, count + step, sender_id === me ? step > 0 : mine];
  return [...reactions.filter(([other]) => other !== emoji), now]
    .filter(([, left]) => left > 0)
    .sort(([a, many], [b, more]) => more - many || compared(a, b));
}

/** By code points, as Python compares: JavaScript alone would compare halves of pairs. */
function compared(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const step = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (step !== 0) return step;
  }
  return left.length - right.length;
}
