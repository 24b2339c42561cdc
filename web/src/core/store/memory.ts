/** The store of a tab that has no disk (hardened private mode, a full quota): the same promises until the tab closes. */

import type { ConversationId, Row } from "../port.ts";
import { Fenced, NO_META, type Batch, type ConversationRecord, type Loaded, type Meta, type OutboxRecord, type Store } from "./schema.ts";
import type { Draft, Person } from "../port.ts";

export class Memory implements Store {
  readonly kind = "memory";
  #meta: Meta = NO_META;
  #term = 0;
  readonly #conversations = new Map<number, ConversationRecord>();
  readonly #rows = new Map<number, Map<number, Row>>();
  readonly #people = new Map<number, Person>();
  readonly #outbox = new Map<string, OutboxRecord>();
  readonly #drafts = new Map<ConversationId, Draft>();

  async load(): Promise<Loaded> {
    return {
      meta: this.#meta,
      conversations: [...this.#conversations.values()],
      people: [...this.#people.values()],
      outbox: [...this.#outbox.values()].sort((a, b) => (a.client_id < b.client_id ? -1 : 1)),
      drafts: [...this.#drafts],
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
    for (const [id, low, high] of batch.evicted ?? []) {
      const rows = this.#rowsOf(id);
      for (const seq of rows.keys()) if (seq >= low && seq <= high) rows.delete(seq);
    }
    for (const row of batch.rows ?? []) if (row.seq !== null) this.#rowsOf(row.conversation_id).set(row.seq, row);
    for (const person of batch.people ?? []) this.#people.set(person.user_id, person);
    for (const record of batch.outbox ?? []) this.#outbox.set(record.client_id, record);
    for (const { client_id } of batch.settled ?? []) this.#outbox.delete(client_id);
    for (const [id, draft] of batch.drafts ?? []) {
      if (draft === null) this.#drafts.delete(id);
      else this.#drafts.set(id, draft);
    }
    for (const id of batch.gone ?? []) this.#forget(id);
  }

  async rows(id: ConversationId, low: number, high: number): Promise<readonly Row[]> {
    const rows = [...this.#rowsOf(id)].filter(([seq]) => seq >= low && seq <= high);
    return rows.sort(([a], [b]) => a - b).map(([, row]) => row);
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
    this.#drafts.delete(id);
    for (const record of this.#outbox.values()) if (record.conversation_id === id) this.#outbox.delete(record.client_id);
  }
}
