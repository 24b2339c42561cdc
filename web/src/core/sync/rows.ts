/** Entries of the log, and commands that are to become one, as the rows that a page shows. */

import type { MessageRow, Row, SendState, Session } from "../port.ts";
import type { Entry } from "../protocol/types.ts";
import type { OutboxRecord } from "../store/schema.ts";
import { lex } from "../text/lex.ts";

/** Return the key of a row: the same before and after it has a seq, and never that of another device's entry. */
export function keyOf(device_id: number, client_id: string): string {
  return `${device_id}/${client_id}`;
}

/** Return the row of an entry; one of a kind that this version does not know is kept in its place. */
export function rowOf(entry: Entry): Row {
  const fields = {
    key: keyOf(entry.device_id, entry.client_id),
    conversation_id: entry.conversation_id,
    seq: entry.seq,
    sender_id: entry.sender_id,
    client_id: entry.client_id,
    created_at: Date.parse(entry.created_at),
  };
  switch (entry.kind) {
    case "message_sent":
      return {
        ...fields,
        kind: "message",
        body: entry.body,
        tokens: lex(entry.body),
        target_seq: entry.target_seq ?? null,
        ordinal: entry.ordinal ?? null,
        state: "sent",
        error: null,
      };
    case "conversation_created":
    case "member_added":
    case "member_left":
    case "role_changed":
    case "settings_changed":
      return { ...fields, kind: "line", entry };
    default: // what becomes of messages is not shown yet
      return { ...fields, kind: "line", entry: { kind: "unsupported" } };
  }
}

/** Return the bubble of a message that is not in the log yet; null: the command is no message. */
export function pendingRow(record: OutboxRecord, session: Session, state: SendState): MessageRow | null {
  const { command } = record;
  if (command.type !== "send") return null;
  return {
    kind: "message",
    key: keyOf(record.device_id, record.client_id),
    conversation_id: command.conversation_id,
    seq: null,
    sender_id: session.user_id,
    client_id: record.client_id,
    created_at: record.created_at,
    body: command.body,
    tokens: record.tokens,
    target_seq: command.target_seq ?? null,
    ordinal: null,
    state,
    error: record.error,
  };
}
