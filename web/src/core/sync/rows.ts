/** Entries of the log, and commands that are to become one, as the rows that a page shows. */

import type { MessageRow, PendingChange, Row, SendState, Session, Token } from "../port.ts";
import type { Entry, SendMessage, StartPoll } from "../protocol/types.ts";
import type { OutboxRecord } from "../store/schema.ts";
import { lex, plain } from "../text/lex.ts";
import { isChange, stateOf } from "./changes.ts";

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
  if (isChange(entry)) return { ...fields, kind: "change", entry };
  switch (entry.kind) {
    case "message_sent":
    case "poll_started": {
      const body = entry.kind === "message_sent" ? entry.body : entry.question;
      return {
        ...fields,
        kind: "message",
        body,
        tokens: entry.kind === "message_sent" ? lex(body) : plain(body),
        target_seq: (entry.kind === "message_sent" ? entry.target_seq : null) ?? null,
        ordinal: entry.ordinal ?? null,
        state: "sent",
        error: null,
        ...stateOf(entry),
      };
    }
    case "conversation_created":
    case "member_added":
    case "member_left":
    case "role_changed":
    case "settings_changed":
      return { ...fields, kind: "line", entry };
    default:
      entry satisfies never;
      return { ...fields, kind: "line", entry: { kind: "unsupported" } };
  }
}

/** It is shown as a message of its own, also when it has failed. */
export function isMessage({ command }: OutboxRecord): boolean {
  return command.type === "send" || command.type === "start_poll";
}

/** Return the bubble of a message that is not in the log yet; null: the command is no message. */
export function pendingRow(record: OutboxRecord, session: Session, state: SendState): MessageRow | null {
  const { command } = record;
  if (command.type !== "send" && command.type !== "start_poll") return null;
  return {
    kind: "message",
    key: keyOf(record.device_id, record.client_id),
    conversation_id: command.conversation_id,
    seq: null,
    sender_id: session.user_id,
    client_id: record.client_id,
    created_at: record.created_at,
    tokens: record.tokens,
    ordinal: null,
    state,
    error: record.error,
    ...(command.type === "send" ? sentFields(command) : pollFields(command)),
  };
}

/** Return a wish that is not in the log yet; null: the command changes no message. */
export function pendingChange({ command, client_id, tokens }: OutboxRecord): PendingChange | null {
  switch (command.type) {
    case "edit":
      return { client_id, target_seq: command.target_seq, tokens, wish: { type: "edit", body: command.body } };
    case "react":
    case "unreact":
      return { client_id, target_seq: command.target_seq, tokens, wish: { type: command.type, emoji: command.emoji } };
    case "vote":
      return { client_id, target_seq: command.target_seq, tokens, wish: { type: "vote", options: command.options } };
    case "delete":
    case "pin":
    case "unpin":
    case "close_poll":
      return { client_id, target_seq: command.target_seq, tokens, wish: { type: command.type } };
    default:
      return null;
  }
}

/** Return the tokens that a pending command is shown with. */
export function tokensOf(command: OutboxRecord["command"]): readonly Token[] {
  if (command.type === "start_poll") return plain(command.question);
  return command.type === "send" || command.type === "edit" ? lex(command.body) : [];
}

function sentFields({ body, target_seq, thread_seq, broadcast, mentions = [] }: SendMessage): Pick<MessageRow, "body" | "target_seq"> & Partial<MessageRow> {
  return {
    body,
    target_seq: target_seq ?? null,
    ...(thread_seq != null && { thread_seq }),
    ...(broadcast === true && { broadcast }),
    ...(mentions.length > 0 && { mentions }),
  };
}

function pollFields({ question, options, multiple = false, anonymous = false, closes_at }: StartPoll): Pick<MessageRow, "body" | "target_seq" | "poll"> {
  const poll = { options, multiple, anonymous, closes_at: closes_at == null ? null : Date.parse(closes_at), votes: [], voters: 0, chosen: [], closed: false };
  return { body: question, target_seq: null, poll };
}
