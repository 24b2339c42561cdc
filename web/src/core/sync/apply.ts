/** The link's durable actions to the one batch that is written for them; pure. */

import type { Durable } from "../link/actions.ts";
import { inTimeline, type ConversationId, type MessageRow, type Row, type Session } from "../port.ts";
import type { Entry, MessageSent } from "../protocol/types.ts";
import type { ConversationRecord, Batch, Meta, OutboxRecord, Settled } from "../store/schema.ts";
import { blanked, changed, changedBy, isChange, replied } from "./changes.ts";
import { folded, unknownConversation, withLast } from "./fold.ts";
import { Looked } from "./look.ts";
import { isMessage, keyOf, pendingChange, rowOf, tokensOf } from "./rows.ts";
import { withMarks, withReply } from "./threads.ts";

/** What is stored so far, as far as a batch depends on it. */
export interface Known {
  readonly session: Session;
  readonly conversations: ReadonlyMap<ConversationId, ConversationRecord>;
  readonly outbox: ReadonlyMap<string, OutboxRecord>;
}

/** Return the batch; null: nothing changes. `now` is in ms since 1970, for commands that are kept. */
export function batchOf(actions: readonly Durable[], known: Known, now: number, looked = new Looked()): Batch | null {
  if (actions.length === 0) return null;
  const writing = new Writing(known, now, looked);
  for (const action of actions) writing.take(action);
  return writing.batch();
}

class Writing {
  readonly #known: Known;
  readonly #now: number;
  readonly #conversations = new Map<ConversationId, ConversationRecord>();
  readonly #outbox = new Map<string, OutboxRecord>();
  readonly #settled = new Map<string, Settled>();
  readonly #looked: Looked;
  readonly #rows = new Map<string, Row>();
  /** Stored rows that the new ones change. */
  readonly #changed = new Map<string, Row>();
  readonly #cut: (readonly [ConversationId, number])[] = [];
  #meta: Partial<Meta> | null = null;

  constructor(known: Known, now: number, looked: Looked) {
    this.#known = known;
    this.#now = now;
    this.#looked = looked;
  }

  take(action: Durable): void {
    switch (action.type) {
      case "keep":
        this.#keep(action);
        break;
      case "acked":
        this.#acked(action);
        break;
      case "settled":
        this.#held(action.client_id);
        break;
      case "failed":
        this.#failed(action);
        break;
      case "apply":
        this.#apply(action);
        break;
      case "truncate":
        this.#cut.push([action.conversation_id, action.after]);
        this.#conversations.set(action.conversation_id, { ...this.#conversation(action.conversation_id), position: action.position, last: null });
        break;
      case "thread":
        this.#conversations.set(action.conversation_id, withMarks(this.#conversation(action.conversation_id), action.thread_seq, action.marks));
        break;
      case "own":
        break; // own/told.ts adds it to the batch.
      case "save_token":
        this.#meta = { epoch: action.epoch, token: action.token };
        break;
      default:
        action satisfies never;
    }
  }

  batch(): Batch {
    this.#tellLast();
    return {
      ...(this.#meta !== null && { meta: this.#meta }),
      ...(this.#conversations.size > 0 && { conversations: [...this.#conversations.values()] }),
      ...(this.#cut.length > 0 && { cut: this.#cut }),
      ...(this.#rows.size > 0 && { rows: [...this.#rows.values()] }),
      ...(this.#changed.size > 0 && { changed: [...this.#changed.values()] }),
      ...(this.#outbox.size > 0 && { outbox: [...this.#outbox.values()] }),
      ...(this.#settled.size > 0 && { settled: [...this.#settled.values()] }),
    };
  }

  #apply(action: Extract<Durable, { type: "apply" }>): void {
    const { conversation_id: id, entries, position } = action;
    const cursor = this.#known.conversations.get(id)?.position.cursor ?? 0;
    // A page of a thread may bring again, and older, what came as an event of the same moment.
    const again = new Set(entries.filter(({ seq }) => this.#rows.has(`${id} ${seq}`)));
    for (const entry of entries) this.#rows.set(`${id} ${entry.seq}`, rowOf(entry));
    for (const entry of entries) {
      this.#fold(entry);
      if (entry.seq <= cursor || again.has(entry)) this.#catchUp(id, entry.seq);
    }
    this.#heldOfOthers(action);
    let record = folded(this.#conversation(id), entries, position, this.#known.session.user_id);
    for (const entry of entries) if (entry.kind === "message_sent" && entry.thread_seq != null && entry.seq > cursor) record = this.#replied(record, entry, entry.thread_seq);
    this.#conversations.set(id, record);
  }

  #replied(record: ConversationRecord, entry: MessageSent, thread_seq: number): ConversationRecord {
    const root = this.#rows.get(`${entry.conversation_id} ${thread_seq}`) ?? this.#looked.message(entry.conversation_id, thread_seq);
    return withReply(record, entry, root?.kind === "message" ? root : null, this.#known.session.user_id);
  }

  /** The newest messages are shown in the list of conversations; the others need no words there. */
  #tellLast(): void {
    const newest = new Map<ConversationId, MessageRow>();
    for (const row of [...this.#rows.values(), ...this.#changed.values()]) {
      if (row.kind !== "message" || !inTimeline(row)) continue;
      if ((row.seq ?? 0) > (newest.get(row.conversation_id)?.seq ?? 0)) newest.set(row.conversation_id, row);
    }
    for (const [id, row] of newest) this.#conversations.set(id, withLast(this.#conversation(id), row));
  }

  /** Have an entry change what it speaks of, if that is stored here or comes with it. */
  #fold(entry: Entry): void {
    const seq = changedBy(entry);
    if (seq === null) return;
    const { conversation_id: id } = entry;
    if (isChange(entry)) this.#change(id, seq, (row) => changed(row, entry, this.#known.session.user_id));
    else this.#change(id, seq, (row) => replied(row, entry.seq, Date.parse((entry.kind === "message_sent" ? entry.sent_at : null) ?? entry.created_at)));
    if (entry.kind !== "message_deleted") return;
    for (const edit of this.#looked.changes(id, seq)) this.#changed.set(`${id} ${edit.seq}`, blanked(edit));
    for (const [key, row] of this.#rows) if (row.kind === "change" && row.conversation_id === id && row.entry.target_seq === seq) this.#rows.set(key, blanked(row));
  }

  /** A message of the past takes what is held of later entries: its page may be older than they are. */
  #catchUp(id: ConversationId, seq: number): void {
    const fresh = [...this.#rows.values()].filter((row) => row.conversation_id === id);
    for (const row of [...this.#looked.changes(id, seq), ...this.#looked.replies(id, seq), ...fresh]) {
      if (row.kind === "change" && row.entry.target_seq === seq) {
        this.#change(id, seq, (target) => changed(target, row.entry, this.#known.session.user_id));
      } else if (row.kind === "message" && row.thread_seq === seq) {
        this.#change(id, seq, (root) => replied(root, row.seq ?? 0, row.sent_at ?? row.created_at));
      }
    }
  }

  #change(id: ConversationId, seq: number, change: (row: MessageRow) => MessageRow): void {
    const key = `${id} ${seq}`;
    const fresh = this.#rows.get(key);
    const row = fresh ?? this.#changed.get(key) ?? this.#looked.message(id, seq);
    if (row?.kind !== "message") return;
    const now = change(row);
    if (now !== row) (fresh === undefined ? this.#changed : this.#rows).set(key, now);
  }

  #conversation(id: ConversationId): ConversationRecord {
    return this.#conversations.get(id) ?? this.#known.conversations.get(id) ?? unknownConversation(id);
  }

  #record(client_id: string): OutboxRecord | undefined {
    return this.#outbox.get(client_id) ?? this.#known.outbox.get(client_id);
  }

  #keep({ command }: Extract<Durable, { type: "keep" }>): void {
    const record = this.#record(command.client_id);
    // The tab that wished it has written it already; one that was acked by a log which lost it waits again.
    if (record?.state === "queued") return;
    const kept = record ?? outboxRecord(command, this.#known.session, this.#now);
    this.#outbox.set(command.client_id, { ...kept, state: "queued", seq: null, error: null });
  }

  #acked({ client_id, conversation_id, seq, awaits_entry }: Extract<Durable, { type: "acked" }>): void {
    const record = this.#record(client_id);
    if (record === undefined) return;
    if (awaits_entry && isShown(record)) this.#outbox.set(client_id, { ...record, state: "sent", seq });
    else this.#stored(record, conversation_id, seq);
  }

  /** A sent message leaves the outbox with the transaction that stores its entry (or passes its place). */
  #held(client_id: string): void {
    const record = this.#record(client_id);
    if (record === undefined || record.command.type === "create") return;
    this.#stored(record, record.command.conversation_id, record.seq ?? 0);
  }

  #stored(record: OutboxRecord, conversation_id: ConversationId, seq: number): void {
    const { command } = record;
    // Of an anonymous poll the log does not tell whose vote it is: the device knows its own.
    if (command.type === "vote") {
      this.#change(conversation_id, command.target_seq, (row) => (row.poll === undefined ? row : { ...row, poll: { ...row.poll, chosen: command.options } }));
    }
    this.#settle(record, { type: "stored", conversation_id, seq });
  }

  /** What another sign-in has left (outbox/foreign.ts) is none of the link's: it leaves the outbox when its entry comes. */
  #heldOfOthers({ conversation_id, entries, position }: Extract<Durable, { type: "apply" }>): void {
    const came = new Map(entries.map(({ device_id, client_id, seq }) => [keyOf(device_id, client_id), seq]));
    for (const record of this.#known.outbox.values()) {
      if (record.device_id === this.#known.session.device_id || record.conversation_id !== conversation_id) continue;
      const passed = record.seq !== null && record.seq <= (position.cursor ?? 0) ? record.seq : undefined;
      const seq = came.get(keyOf(record.device_id, record.client_id)) ?? passed;
      if (seq !== undefined) this.#settle(record, { type: "stored", conversation_id, seq });
    }
  }

  #failed({ client_id, error }: Extract<Durable, { type: "failed" }>): void {
    const record = this.#record(client_id);
    if (record === undefined) return;
    if (isMessage(record)) this.#outbox.set(client_id, { ...record, state: "failed", error });
    else this.#settle(record, { type: "refused", error });
  }

  #settle(record: OutboxRecord, outcome: Settled["outcome"]): void {
    this.#outbox.delete(record.client_id);
    this.#settled.set(record.client_id, settledOf(record, outcome));
  }
}

/** Return what the outbox keeps of a command that is new. */
export function outboxRecord(command: OutboxRecord["command"], session: Session, now: number): OutboxRecord {
  return {
    conversation_id: command.type === "create" ? 0 : command.conversation_id,
    client_id: command.client_id,
    device_id: session.device_id,
    command,
    state: "queued",
    seq: null,
    error: null,
    created_at: now,
    tokens: tokensOf(command),
  };
}

/** It is seen before its entry is: as a message, or in what it changes. */
function isShown(record: OutboxRecord): boolean {
  return isMessage(record) || pendingChange(record) !== null;
}

export function settledOf(record: OutboxRecord, outcome: Settled["outcome"]): Settled {
  const { conversation_id, client_id } = record;
  return { conversation_id, client_id, key: keyOf(record.device_id, client_id), outcome };
}
