/** The store of a tab that has no disk (hardened private mode, a full quota): the same promises until the tab closes. */

import type { ChangeRow, ConversationId, Draft, MessageRow, Person, Row } from "../port.ts";
import {
  Fenced, NO_META, type Batch, type ConversationRecord, type DraftPlace, type Loaded, type Meta, type OutboxRecord, type Store,
} from "./schema.ts";

export class Memory implements Store {
  readonly kind = "memory";
  #meta: Meta = NO_META;
  #term = 0;
  readonly #conversations = new Map<number, ConversationRecord>();
  readonly #rows = new Map<number, Map<number, Row>>();
  readonly #people = new Map<number, Person>();
  readonly #outbox = new Map<string, OutboxRecord>();
  readonly #drafts = new Map<string, readonly [DraftPlace, Draft]>();

  async load(): Promise<Loaded> {
    return {
      meta: this.#meta,
      conversations: [...this.#conversations.values()],
      people: [...this.#people.values()],
      outbox: [...this.#outbox.values()].sort((a, b) => (a.client_id < b.client_id ? -1 : 1)),
      drafts: [...this.#drafts.values()],
    };
  }

  async lead(): Promise<number> {
    this.#term += 1;
    return this.#term;
  }

  async write(batch: Batch, term: number | null): Promise<void> {
    if (term !== null && term !== this.#term) throw new Fenced("another tab leads");
    this.#meta = { ...this.#meta, ...batch.meta };
    for (const record of batch.conversations ?? []) this.#conversations.set(record.conversation_id, record);
    for (const [id, above] of batch.cut ?? []) {
      const rows = this.#rowsOf(id);
      for (const seq of rows.keys()) if (seq > above) rows.delete(seq);
    }
    for (const [id, low, high] of [...(batch.evicted ?? []), ...(batch.stale ?? [])]) {
      const rows = this.#rowsOf(id);
      for (const seq of rows.keys()) if (seq >= low && seq <= high) rows.delete(seq);
    }
    for (const row of [...(batch.rows ?? []), ...(batch.changed ?? [])]) if (row.seq !== null) this.#rowsOf(row.conversation_id).set(row.seq, row);
    for (const person of batch.people ?? []) this.#people.set(person.user_id, person);
    for (const record of batch.outbox ?? []) this.#outbox.set(record.client_id, record);
    for (const { client_id } of batch.settled ?? []) this.#outbox.delete(client_id);
    for (const [place, draft] of batch.drafts ?? []) {
      if (draft === null) this.#drafts.delete(String(place));
      else this.#drafts.set(String(place), [place, draft]);
    }
    for (const id of batch.gone ?? []) this.#forget(id);
  }

  async rows(id: ConversationId, low: number, high: number): Promise<readonly Row[]> {
    const rows = [...this.#rowsOf(id)].filter(([seq]) => seq >= low && seq <= high);
    return rows.sort(([a], [b]) => a - b).map(([, row]) => row);
  }

  async changes(id: ConversationId, low: number, high: number): Promise<readonly ChangeRow[]> {
    const rows = (await this.rows(id, 0, Infinity)).filter((row) => row.kind === "change");
    return rows.filter(({ entry }) => entry.target_seq >= low && entry.target_seq <= high).sort((a, b) => a.entry.target_seq - b.entry.target_seq);
  }

  async replies(id: ConversationId, low: number, high: number): Promise<readonly MessageRow[]> {
    const rows = (await this.rows(id, 0, Infinity)).filter((row) => row.kind === "message");
    return rows.filter(({ thread_seq = 0 }) => thread_seq >= Math.max(1, low) && thread_seq <= high).sort((a, b) => (a.thread_seq ?? 0) - (b.thread_seq ?? 0));
  }

  async rowAtOrBelow(id: ConversationId, seq: number): Promise<Row | null> {
    return (await this.rows(id, 0, seq)).at(-1) ?? null;
  }

  close(): void {}

  #rowsOf(id: number): Map<number, Row> {
    let rows = this.#rows.get(id);
    if (rows === undefined) {
      rows = new Map();
      this.#rows.set(id, rows);
    }
    return rows;
  }

  #forget(id: ConversationId): void {
    this.#conversations.delete(id);
    this.#rows.delete(id);
    for (const [place] of this.#drafts.values()) if (place[0] === id) this.#drafts.delete(String(place));
    for (const record of this.#outbox.values()) if (record.conversation_id === id) this.#outbox.delete(record.client_id);
  }
}
