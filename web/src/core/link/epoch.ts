/** Client rule 6: after the log came back as another one, find the prefix that both share, by halving. */

import { LIMITS, type Compare, type Compared, type ConversationId } from "../protocol/types.ts";

const ANSWER_WITHIN_S = 10;

export type HeldRow = readonly [conversation_id: ConversationId, seq: number, client_id: string, created_at: string];

/** The common prefix ends in `low`..`high` - 1. */
interface Search {
  low: number;
  high: number;
  probe: number;
}

/**
 * The search in all conversations held, up to 200 rows a round; the newest entry is looked at first.
 *
 * One round: `asks` -> (the store) -> `rows` -> (the server) -> `compared`. Rounds: at most 1 + log2(cursor).
 */
export class Comparison {
  readonly #open = new Map<ConversationId, Search>();
  #asked = new Map<ConversationId, number>();
  #found = new Map<ConversationId, number>();

  constructor(cursors: ReadonlyMap<ConversationId, number>) {
    for (const [id, cursor] of cursors) {
      if (cursor > 0) this.#open.set(id, { low: 0, high: cursor + 1, probe: cursor });
      else this.#found.set(id, 0);
    }
  }

  /** Return the seqs to look up in the store for this round. */
  asks(): readonly (readonly [ConversationId, number])[] {
    return [...this.#open].slice(0, LIMITS.compare_rows).map(([id, search]) => [id, search.probe]);
  }

  /** Take what the store holds at or below each seq of `asks`; return what to compare with the server. */
  rows(recalled: readonly HeldRow[]): readonly HeldRow[] {
    const held = new Map(recalled.map((row) => [row[0], row]));
    const rows: HeldRow[] = [];
    this.#asked = new Map();
    for (const [id, probe] of this.asks()) {
      const search = this.#open.get(id);
      if (search === undefined) continue;
      const row = held.get(id);
      if (row === undefined || row[1] <= search.low) {
        this.#same(id, search, probe); // Nothing is held in between, so nothing can differ.
      } else {
        this.#asked.set(id, row[1]);
        rows.push(row);
      }
    }
    return rows;
  }

  /** Take the rows that are equal in the server's log; the others of the round differ. */
  compared(equal: readonly HeldRow[]): void {
    const same = new Set(equal.map(([id]) => id));
    for (const [id, seq] of this.#asked) {
      const search = this.#open.get(id);
      if (search === undefined) continue;
      if (same.has(id)) {
        this.#same(id, search, search.probe);
      } else {
        search.high = seq;
        this.#next(id, search);
      }
    }
    this.#asked = new Map();
  }

  /** Return, once each, the conversations whose search has ended and the last seq in common. */
  found(): ReadonlyMap<ConversationId, number> {
    const found = this.#found;
    this.#found = new Map();
    return found;
  }

  /** No conversation is left to search. */
  get done(): boolean {
    return this.#open.size === 0;
  }

  #same(id: ConversationId, search: Search, probe: number): void {
    search.low = probe;
    this.#next(id, search);
  }

  #next(id: ConversationId, search: Search): void {
    search.probe = Math.floor((search.low + search.high) / 2);
    if (search.high - search.low > 1) return;
    this.#open.delete(id);
    this.#found.set(id, search.low);
  }
}

/** Which conversations are in doubt, and the comparison that is under way. */
export class Agreement {
  #doubted = new Map<ConversationId, number>();
  #underWay = new Map<ConversationId, number>();
  #comparison: Comparison | null = null;
  #recalling = false;
  #rows: readonly HeldRow[] = [];
  #frame: number | null = null;
  #sendAt = 0;

  /** Say whether any conversation is in doubt. */
  get isOpen(): boolean {
    return this.#doubted.size > 0 || this.#comparison !== null;
  }

  /** Put a conversation in doubt, with the last seq that is held of it. */
  distrust(id: ConversationId, cursor: number): void {
    if (!this.#underWay.has(id)) this.#doubted.set(id, cursor);
  }

  /** Return what to look up in the store; once per round. */
  asks(): readonly (readonly [ConversationId, number])[] {
    if (this.#comparison === null) {
      if (this.#doubted.size === 0) return [];
      this.#underWay = this.#doubted;
      this.#doubted = new Map();
      this.#comparison = new Comparison(this.#underWay);
    }
    if (this.#recalling || this.#rows.length > 0) return [];
    this.#recalling = true;
    return this.#comparison.asks();
  }

  /** Take what the store holds. */
  recalled(rows: readonly HeldRow[]): void {
    if (this.#comparison === null || !this.#recalling) return;
    this.#recalling = false;
    this.#rows = this.#comparison.rows(rows);
    this.#sendAt = 0;
  }

  /** Return the frame to transmit under this id, if any; without an answer it is transmitted again. */
  due(frame: number, now: number): Compare | null {
    if (this.#rows.length === 0 || now < this.#sendAt) return null;
    this.#frame = frame;
    this.#sendAt = now + ANSWER_WITHIN_S;
    return { type: "compare", id: frame, entries: this.#rows };
  }

  /** Take the server's answer. */
  compared(answer: Compared): void {
    if (this.#comparison === null || answer.id !== this.#frame) return;
    this.#rows = [];
    this.#frame = null;
    this.#comparison.compared(answer.entries);
  }

  /** Take a refusal: the round is tried again; false: the frame was not of this kind. */
  refused(frame: number, againAt: number): boolean {
    if (frame !== this.#frame) return false;
    this.#frame = null;
    this.#sendAt = againAt;
    return true;
  }

  /** Return, once each, the conversations that are agreed on and the last seq in common. */
  found(): ReadonlyMap<ConversationId, number> {
    if (this.#comparison === null) return new Map();
    const found = this.#comparison.found();
    for (const id of found.keys()) this.#underWay.delete(id);
    if (this.#comparison.done) this.#comparison = null;
    return found;
  }

  /** Begin again on the next connection. */
  disconnected(): void {
    for (const [id, cursor] of this.#underWay) this.#doubted.set(id, cursor);
    this.#underWay = new Map();
    this.#comparison = null;
    this.#recalling = false;
    this.#rows = [];
    this.#frame = null;
  }

  /** Return when `due` has something. */
  nextAt(): number | null {
    return this.#rows.length === 0 ? null : this.#sendAt;
  }
}
