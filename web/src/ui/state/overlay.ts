/** Own wishes that the log does not have yet, shown as if it had them; each says what is to be, so one that is true changes nothing. */

import type { MessageRow, PendingChange, Poll, Reaction } from "../../core/port.ts";

/** A message as it is drawn; `waits`: some of it is one's own wish that the server has not answered. */
export type Shown = MessageRow & { readonly waits?: true };

/** Return the message with these wishes, which are its own. */
export function shown(row: MessageRow, changes: readonly PendingChange[]): Shown {
  return changes.reduce<MessageRow>(wished, { ...row, waits: true } as Shown);
}

function wished(row: MessageRow, { wish, tokens }: PendingChange): MessageRow {
  switch (wish.type) {
    case "edit":
      return { ...row, body: wish.body, tokens, edited_seq: row.edited_seq ?? row.seq };
    case "delete":
      return { ...row, body: "", tokens: [], deleted_seq: row.seq, reactions: [], pinned_seq: null };
    case "react":
      return { ...row, reactions: reacted(row.reactions ?? [], wish.emoji, true) };
    case "unreact":
      return { ...row, reactions: reacted(row.reactions ?? [], wish.emoji, false) };
    case "pin":
      return { ...row, pinned_seq: row.pinned_seq ?? row.seq };
    case "unpin":
      return { ...row, pinned_seq: null };
    case "vote":
      return row.poll === undefined ? row : { ...row, poll: voted(row.poll, wish.options) };
    case "close_poll":
      return row.poll === undefined ? row : { ...row, poll: { ...row.poll, closed: true } };
    default:
      return wish satisfies never;
  }
}

function reacted(reactions: readonly Reaction[], emoji: string, mine: boolean): readonly Reaction[] {
  const known = reactions.find(([one]) => one === emoji) ?? ([emoji, 0, false] as const);
  if (known[2] === mine) return reactions;
  const now: Reaction = [emoji, known[1] + (mine ? 1 : -1), mine];
  const others = reactions.includes(known) ? reactions.map((one) => (one === known ? now : one)) : [...reactions, now];
  return others.filter(([, count]) => count > 0);
}

function voted(poll: Poll, options: readonly number[]): Poll {
  const votes = poll.options.map((_, at) => (poll.votes[at] ?? 0) - Number(poll.chosen.includes(at)) + Number(options.includes(at)));
  return { ...poll, votes, voters: poll.voters - Number(poll.chosen.length > 0) + Number(options.length > 0), chosen: options };
}
