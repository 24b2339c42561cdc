/** One tab's copy, in memory, of what is stored but the messages; every tab's is the same after the same changes. */

import {
  inTimeline,
  type ConversationId, type ConversationRow, type Draft, type LinkState, type MessageRow, type Note, type PendingChange, type Person, type Row,
  type SendState, type Session, type UserId,
} from "./port.ts";
import { NO_META, type Batch, type ConversationRecord, type DraftPlace, type Loaded, type Meta, type OutboxRecord } from "./store/schema.ts";
import { DEFAULT_RULES } from "./sync/fold.ts";
import { mineOf } from "./sync/mine.ts";
import { isMessage, keyOf, pendingChange, pendingRow } from "./sync/rows.ts";
import { summary } from "./text/tokens.ts";

/** So much of a draft fits into a line of the list. */
const DRAFT_CHARACTERS = 120;

export class Mirror {
  readonly session: Session;
  meta: Meta = NO_META;
  link: LinkState = "offline";
  readonly conversations = new Map<ConversationId, ConversationRecord>();
  readonly people = new Map<UserId, Person>();
  readonly outbox = new Map<string, OutboxRecord>();
  /** By their place as text. */
  readonly drafts = new Map<string, readonly [DraftPlace, Draft]>();

  constructor(session: Session, loaded: Loaded) {
    this.session = session;
    this.load(loaded);
  }

  /** Take everything that is stored: at the start, and when this tab becomes the leader. */
  load(loaded: Loaded): void {
    this.meta = loaded.meta;
    for (const map of [this.conversations, this.people, this.outbox, this.drafts]) map.clear();
    for (const record of loaded.conversations) this.conversations.set(record.conversation_id, record);
    for (const person of loaded.people) this.people.set(person.user_id, person);
    for (const record of loaded.outbox) this.outbox.set(record.client_id, record);
    for (const [place, draft] of loaded.drafts) this.drafts.set(String(place), [place, draft]);
    const { user_id, name } = this.session;
    if (!this.people.has(user_id)) this.people.set(user_id, { user_id, name });
  }

  /** Take a change that has been written; returns what a page with these conversations open must know. */
  change(batch: Batch, open: ReadonlySet<ConversationId>): readonly Note[] {
    const before = new Map((batch.conversations ?? []).map(({ conversation_id: id }) => [id, this.conversations.get(id)]));
    const settled = (batch.settled ?? []).map((one) => ({ ...one, record: this.outbox.get(one.client_id) }));
    const gone = [...settled.map(({ key }) => key), ...this.#renamed(batch)];
    this.#take(batch);
    const notes: Note[] = [];
    if (batch.people !== undefined && batch.people.length > 0) notes.push({ type: "people", people: batch.people });
    const touched = new Set<ConversationId>(before.keys());
    for (const id of pendingIn([...(batch.outbox ?? []), ...settled.flatMap(({ record }) => record ?? [])])) touched.add(id);
    for (const [[id]] of batch.drafts ?? []) touched.add(id);
    const changed = [...touched].flatMap((id) => this.row(id) ?? []);
    const removed = batch.gone ?? [];
    const wished = new Set([...(batch.outbox ?? []), ...settled.flatMap(({ record }) => record ?? [])].flatMap((record) => (pendingChange(record) === null ? [] : [record.conversation_id])));
    for (const id of open) {
      notes.push(...this.#opened(id, batch, before.get(id), gone));
      // After the rows: a wish may stand beside its entry for a moment, but neither is missing.
      if (wished.has(id)) notes.push({ type: "changes", conversation_id: id, changes: this.changes(id) });
    }
    for (const { record, outcome } of settled) {
      const change = record === undefined ? null : pendingChange(record);
      if (change !== null && outcome.type === "refused") notes.push({ type: "refused", conversation_id: record?.conversation_id as ConversationId, change, error: outcome.error });
    }
    if (changed.length > 0 || removed.length > 0) notes.push({ type: "conversations", changed, removed });
    for (const [[conversation_id, thread_seq], draft] of batch.drafts ?? []) notes.push({ type: "drafts", conversation_id, thread_seq, draft });
    for (const what of batch.own ?? []) notes.push({ type: "own", what });
    return [...notes, ...this.#arrived(batch, before)];
  }

  /** Return the row of the list; null: its name is not known yet. */
  row(id: ConversationId): ConversationRow | null {
    const record = this.conversations.get(id);
    if (record === undefined || record.details_head < 0) return null;
    const { position } = record;
    const pending = this.pending(id).findLast(inTimeline);
    const stored = record.last === null ? null : { sender_id: record.last.sender_id, text: record.last.text, state: "sent" as const };
    return {
      conversation_id: id,
      kind: record.kind,
      visibility: record.visibility,
      title: record.title,
      topic: record.topic,
      other: record.other,
      role: record.role,
      member_count: record.member_count,
      roster_version: record.roster_version,
      pin_role: record.pin_role,
      rules: record.rules ?? DEFAULT_RULES,
      head: position.head,
      read: Math.max(position.read, position.read_wanted),
      unread: position.unread,
      mentions: position.mentions,
      last_message_at: pending === undefined ? record.last_message_at : Math.max(pending.created_at, record.last_message_at ?? 0),
      last: pending === undefined ? stored : { sender_id: pending.sender_id, text: summary(pending.tokens), state: pending.state },
      threads: record.threads ?? {},
      mine: mineOf(record),
      draft: (this.draft(id, 0)?.text ?? "").slice(0, DRAFT_CHARACTERS).replaceAll(/\s+/g, " "),
    };
  }

  /** Return all rows of the list, newest first. */
  rows(): readonly ConversationRow[] {
    const rows = [...this.conversations.keys()].flatMap((id) => this.row(id) ?? []);
    return rows.sort((a, b) => (b.last_message_at ?? 0) - (a.last_message_at ?? 0));
  }

  /** Return one's own messages that are not stored as entries yet, in order. */
  pending(id: ConversationId): readonly MessageRow[] {
    const records = [...this.outbox.values()].filter((record) => record.conversation_id === id);
    const sorted = records.sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
    const first = sorted.find((record) => record.state === "queued");
    return sorted.flatMap((record) => pendingRow(record, this.session, this.#state(record, record === first)) ?? []);
  }

  /** Return one's own wishes that the log does not have yet, in order. */
  changes(id: ConversationId): readonly PendingChange[] {
    const records = [...this.outbox.values()].filter((record) => record.conversation_id === id);
    return records.sort((a, b) => (a.client_id < b.client_id ? -1 : 1)).flatMap((record) => pendingChange(record) ?? []);
  }

  draft(id: ConversationId, thread_seq: number): Draft | null {
    return this.drafts.get(String([id, thread_seq]))?.[1] ?? null;
  }

  /** Return the key of the last command in this browser; null: none is pending. */
  lastKey(): string | null {
    let last: string | null = null;
    for (const key of this.outbox.keys()) if (last === null || key > last) last = key;
    return last;
  }

  #state(record: OutboxRecord, isFirst: boolean): SendState {
    if (record.state !== "queued") return record.state;
    return isFirst && (this.link === "live" || this.link === "syncing") ? "sending" : "queued";
  }

  /** Return the keys of pending rows that another device has taken over: they go on under its key. */
  #renamed({ outbox = [] }: Batch): readonly string[] {
    return outbox.flatMap(({ client_id, device_id }) => {
      const before = this.outbox.get(client_id);
      return before === undefined || before.device_id === device_id ? [] : [keyOf(before.device_id, client_id)];
    });
  }

  #take(batch: Batch): void {
    this.meta = { ...this.meta, ...batch.meta };
    for (const record of batch.conversations ?? []) this.conversations.set(record.conversation_id, record);
    for (const person of batch.people ?? []) this.people.set(person.user_id, person);
    for (const record of batch.outbox ?? []) this.outbox.set(record.client_id, record);
    for (const { client_id } of batch.settled ?? []) this.outbox.delete(client_id);
    for (const [place, draft] of batch.drafts ?? []) {
      if (draft === null) this.drafts.delete(String(place));
      else this.drafts.set(String(place), [place, draft]);
    }
    for (const id of batch.gone ?? []) {
      this.conversations.delete(id);
      for (const [place] of this.drafts.values()) if (place[0] === id) this.drafts.delete(String(place));
      for (const record of this.outbox.values()) if (record.conversation_id === id) this.outbox.delete(record.client_id);
    }
  }

  /** What changed in an open conversation: rows after those it had, pending ones, or too much to tell. */
  #opened(id: ConversationId, batch: Batch, before: ConversationRecord | undefined, settled: readonly string[]): readonly Note[] {
    const cursor = before?.position.cursor ?? null;
    const rows: Row[] = (batch.rows ?? []).filter((row) => row.conversation_id === id && (row.seq ?? 0) > (cursor ?? 0));
    const isCut = (batch.cut ?? []).some(([cut]) => cut === id);
    if (isCut || (cursor !== null && leapt(rows, cursor))) return [{ type: "reopen", conversation_id: id }];
    const stored = new Set(rows.map((row) => row.key));
    const mine = pendingIn(batch.outbox ?? []).has(id) || settled.length > 0 ? this.pending(id) : [];
    // A pending row whose entry came by another device's key, or that was discarded.
    const removed = settled.filter((key) => !stored.has(key));
    const changed = [...(batch.changed ?? []), ...(batch.rows ?? [])].filter((row) => row.conversation_id === id && (row.seq ?? 0) <= (cursor ?? 0));
    if (rows.length + mine.length + removed.length + changed.length === 0) return [];
    return [{ type: "rows", conversation_id: id, rows: [...rows, ...mine.filter((row) => !stored.has(row.key))], changed, removed }];
  }

  /** The newest message of others per conversation, above what was read. */
  #arrived(batch: Batch, before: ReadonlyMap<ConversationId, ConversationRecord | undefined>): readonly Note[] {
    const newest = new Map<ConversationId, MessageRow>();
    for (const row of batch.rows ?? []) {
      const record = this.conversations.get(row.conversation_id);
      if (row.kind !== "message" || !inTimeline(row) || row.sender_id === this.session.user_id || record === undefined || row.seq === null) continue;
      const cursor = before.get(row.conversation_id)?.position.cursor ?? null;
      if (cursor !== null && row.seq > cursor && row.seq > Math.max(record.position.read, record.position.read_wanted)) {
        newest.set(row.conversation_id, row);
      }
    }
    return [...newest].map(([conversation_id, row]) => ({ type: "arrived", conversation_id, row }));
  }
}

function pendingIn(records: readonly OutboxRecord[]): ReadonlySet<ConversationId> {
  return new Set(records.flatMap((record) => (isMessage(record) ? [record.conversation_id as ConversationId] : [])));
}

/** The first row does not continue what was held: a hole lies between. */
function leapt(rows: readonly Row[], cursor: number): boolean {
  const first = Math.min(...rows.map((row) => row.seq ?? Infinity));
  return rows.length > 0 && first > cursor + 1;
}
