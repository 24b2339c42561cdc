/** What a log that came back shorter has lost: own messages are sent again, and what lost entries had changed is fetched again. */

import type { Durable, OutboxCommand } from "../link/actions.ts";
import type { MessageRow, Row, Session } from "../port.ts";
import type { Evicted, OutboxRecord, Store } from "../store/schema.ts";
import { outboxRecord } from "../sync/apply.ts";

/** Rows read at once. */
const TOGETHER = 2_000;

/** Read the rows that a log which came back shorter has lost. */
export async function lostBy(store: Store, actions: readonly Durable[]): Promise<readonly Row[]> {
  const lost: Row[] = [];
  for (const action of actions) {
    if (action.type !== "truncate") continue;
    const { conversation_id: id, after } = action;
    const last = (await store.rowAtOrBelow(id, Number.MAX_SAFE_INTEGER))?.seq ?? 0;
    for (let low = after + 1; low <= last; low += TOGETHER) lost.push(...(await store.rows(id, low, low + TOGETHER - 1)));
  }
  return lost;
}

/** Return the kept rows that lost entries had changed. */
export function changedByLost(lost: readonly Row[], actions: readonly Durable[]): readonly Evicted[] {
  const kept = new Map(actions.flatMap((action) => (action.type === "truncate" ? [[action.conversation_id, action.after] as const] : [])));
  return lost.flatMap((row): Evicted[] => {
    const seq = row.kind === "change" ? row.entry.target_seq : row.kind === "message" ? row.thread_seq : undefined;
    return seq !== undefined && seq <= (kept.get(row.conversation_id) ?? 0) ? [[row.conversation_id, seq, seq]] : [];
  });
}

/** Return what this device had sent, as commands under the keys they had. */
export function ownAgain(lost: readonly Row[], session: Session): readonly OutboxRecord[] {
  return lost.flatMap((row) => {
    const isOwn = row.kind === "message" && row.sender_id === session.user_id && row.key.startsWith(`${session.device_id}/`);
    return isOwn && row.deleted_seq == null ? [outboxRecord(commandOf(row), session, row.created_at)] : [];
  });
}

function commandOf(row: MessageRow): OutboxCommand {
  const { conversation_id, client_id, body, target_seq, thread_seq, broadcast = false, mentions = [], poll, forwarded } = row;
  const key = { id: 0, client_id, conversation_id };
  if (forwarded != null) return { ...key, type: "forward", source_conversation_id: forwarded.conversation_id, source_seq: forwarded.seq };
  if (poll !== undefined) {
    const { options, multiple, anonymous, closes_at } = poll;
    return { ...key, type: "start_poll", question: body, options, multiple, anonymous, closes_at: closes_at === null ? null : new Date(closes_at).toISOString() };
  }
  return { ...key, type: "send", body, target_seq, ...(thread_seq !== undefined && { thread_seq, broadcast }), ...(mentions.length > 0 && { mentions }) };
}
