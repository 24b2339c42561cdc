/** What is stored of that which a batch changes: read before the batch is made, which is done at once. */

import type { Durable } from "../link/actions.ts";
import type { ChangeRow, ConversationId, MessageRow, Row } from "../port.ts";
import type { Store } from "../store/schema.ts";
import type { Known } from "./apply.ts";
import { changedBy } from "./changes.ts";

/** Stored rows of the conversations that a batch is about. */
export class Looked {
  readonly #rows = new Map<string, Row>();
  readonly #changes = new Map<string, ChangeRow[]>();
  readonly #replies = new Map<string, MessageRow[]>();

  message(id: ConversationId, seq: number): MessageRow | null {
    const row = this.#rows.get(`${id} ${seq}`);
    return row?.kind === "message" ? row : null;
  }

  /** What changed this message, rising. */
  changes(id: ConversationId, seq: number): readonly ChangeRow[] {
    return this.#changes.get(`${id} ${seq}`) ?? [];
  }

  /** What replies in the thread of this message, rising. */
  replies(id: ConversationId, seq: number): readonly MessageRow[] {
    return this.#replies.get(`${id} ${seq}`) ?? [];
  }

  takeRow(row: Row | undefined): void {
    if (row !== undefined) this.#rows.set(`${row.conversation_id} ${row.seq}`, row);
  }

  takeChanges(rows: readonly ChangeRow[]): void {
    for (const row of rows) listed(this.#changes, `${row.conversation_id} ${row.entry.target_seq}`).push(row);
  }

  takeReplies(rows: readonly MessageRow[]): void {
    for (const row of rows) listed(this.#replies, `${row.conversation_id} ${row.thread_seq}`).push(row);
  }
}

/** Read what these actions change. */
export async function look(store: Store, actions: readonly Durable[], known: Known): Promise<Looked> {
  const looked = new Looked();
  await Promise.all(actions.map((action) => lookAt(store, action, known, looked)));
  return looked;
}

async function lookAt(store: Store, action: Durable, known: Known, looked: Looked): Promise<void> {
  if (action.type === "settled" || action.type === "acked") {
    // The vote of an anonymous poll is told to nobody: only this device knows whose it is.
    const command = known.outbox.get(action.client_id)?.command;
    if (command?.type === "vote") looked.takeRow((await store.rows(command.conversation_id, command.target_seq, command.target_seq))[0]);
    return;
  }
  if (action.type !== "apply") return;
  const { conversation_id: id, entries } = action;
  const cursor = known.conversations.get(id)?.position.cursor ?? 0;
  const targets = new Set(entries.flatMap((entry) => changedBy(entry) ?? []));
  const deleted = new Set(entries.flatMap((entry) => (entry.kind === "message_deleted" ? [entry.target_seq] : [])));
  const past = entries.filter((entry) => entry.seq <= cursor).map(({ seq }) => seq);
  const reads: Promise<void>[] = [];
  for (const seq of targets) reads.push(store.rows(id, seq, seq).then(([row]) => looked.takeRow(row)));
  for (const seq of deleted) reads.push(store.changes(id, seq, seq).then((rows) => looked.takeChanges(rows)));
  const [low, high] = [past[0], past.at(-1)];
  if (low !== undefined && high !== undefined) {
    // A page of the past was made before the newest entries came: it does not have what they change.
    reads.push(store.changes(id, low, high).then((rows) => looked.takeChanges(rows.filter(({ entry }) => !deleted.has(entry.target_seq)))));
    reads.push(store.replies(id, low, high).then((rows) => looked.takeReplies(rows)));
  }
  await Promise.all(reads);
}

function listed<Value>(map: Map<string, Value[]>, key: string): Value[] {
  const found = map.get(key) ?? [];
  map.set(key, found);
  return found;
}
