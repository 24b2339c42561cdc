/** What one can do with a message of a list, and what its actions open. */

import type { ConversationId, MessageRow, Row, UserId, Wish } from "../../core/port.ts";

/** What is asked for in a layer of its own, about one message. */
export type Layer = "delete" | "report" | "forward" | "remind" | "reactors" | "readers" | "versions" | "voters";

export interface MessageActs {
  reply(row: MessageRow): void;
  /** Of a failed one: send it again, at the end. */
  retry(row: MessageRow): void;
  /** Of one's own: take it into the composer, to be changed; of a failed one: to be sent anew. */
  edit(row: MessageRow): void;
  discard(row: MessageRow): void;
  wish(row: MessageRow, wish: Wish): void;
  /** null: here there are no threads. */
  readonly thread: ((row: MessageRow) => void) | null;
  open(layer: Layer, row: MessageRow): void;
  /** Say in words what was done. */
  tell(words: string): void;
  readonly may: {
    readonly write: boolean;
    readonly pin: boolean;
    /** Delete what others have written, and close their polls. */
    readonly govern: boolean;
  };
}

/** The rows around a message, for what it quotes. */
export interface Rows {
  readonly conversation_id: ConversationId;
  rowAt(seq: number): Row | undefined;
}

/** Do what a single key asks for, where it may be done. */
export function perform(acts: MessageActs, what: "reply" | "thread" | "edit" | "pin" | "forward" | "delete", row: MessageRow, me: UserId): void {
  if (row.seq === null || row.deleted_seq != null) return;
  const own = row.sender_id === me;
  const { write, pin, govern } = acts.may;
  if (what === "reply" && write) acts.reply(row);
  else if (what === "thread" && row.thread_seq === undefined) acts.thread?.(row);
  else if (what === "edit" && write && isEditable(row, me)) acts.edit(row);
  else if (what === "pin" && write && pin) acts.wish(row, { type: row.pinned_seq == null ? "pin" : "unpin" });
  else if (what === "forward" && row.poll === undefined) acts.open("forward", row);
  else if (what === "delete" && write && (own || govern)) acts.open("delete", row);
}

/** One's own words can be changed: not those of others that were forwarded, nor a question that people answered. */
export function isEditable(row: MessageRow, me: UserId): boolean {
  return row.sender_id === me && row.poll === undefined && row.forwarded == null && row.deleted_seq == null;
}
