/** Windows onto a conversation's past: from this device where it is held, from the server where it is not. */

import type { Mirror } from "./mirror.ts";
import type { Answer, ConversationId, Page, Row } from "./port.ts";
import type { Position, Range } from "./link/actions.ts";
import { UNKNOWN } from "./link/actions.ts";
import type { Store } from "./store/schema.ts";
import { heldAround } from "./sync/held.ts";
import type { Where } from "./tabs/relay.ts";

/** How many rows an opened conversation begins with. */
const WINDOW = 50;

/** Asks the leader to bring a page; afterwards it is stored, if there was one. */
export type Bring = (id: ConversationId, where: Where, limit: number) => Promise<Answer<unknown>>;

export class History {
  readonly #store: Store;
  readonly #mirror: Mirror;
  readonly #bring: Bring;

  constructor(store: Store, mirror: Mirror, bring: Bring) {
    this.#store = store;
    this.#mirror = mirror;
    this.#bring = bring;
  }

  /** Return the newest rows. */
  async newest(id: ConversationId): Promise<Page> {
    const { cursor } = this.#position(id);
    if (cursor === null) return { rows: [], reaches_start: false, reaches_end: false, offline: true };
    const held = heldAround(this.#position(id), cursor);
    return this.#page(id, held === null ? null : [Math.max(held[0], cursor - WINDOW + 1), cursor]);
  }

  /** Return rows around `seq`, which is among them if it can be had. */
  async around(id: ConversationId, seq: number): Promise<Page> {
    const held = await this.#held(id, seq, { around: seq }, WINDOW);
    if (held === null) return this.newest(id);
    const low = Math.max(held[0], Math.min(seq - WINDOW / 2, held[1] - WINDOW + 1));
    return this.#page(id, [low, Math.min(held[1], low + WINDOW - 1)]);
  }

  async older(id: ConversationId, seq: number, limit: number): Promise<Page> {
    if (seq <= this.#position(id).first) return { rows: [], reaches_start: true, reaches_end: false, offline: false };
    const held = await this.#held(id, seq - 1, { before: seq }, limit);
    if (held === null && seq <= this.#position(id).first) return { rows: [], reaches_start: true, reaches_end: false, offline: false };
    return this.#page(id, held === null ? null : [Math.max(held[0], seq - limit), seq - 1]);
  }

  async newer(id: ConversationId, seq: number, limit: number): Promise<Page> {
    if (seq >= (this.#position(id).cursor ?? 0)) return { rows: [], reaches_start: false, reaches_end: true, offline: false };
    const held = await this.#held(id, seq + 1, { after: seq }, limit);
    return this.#page(id, held === null ? null : [seq + 1, Math.min(held[1], seq + limit)]);
  }

  async row(id: ConversationId, seq: number): Promise<Row | null> {
    const held = await this.#held(id, seq, { around: seq }, 1);
    return held === null ? null : ((await this.#store.rows(id, seq, seq))[0] ?? null);
  }

  /** Return all stored rows above `seq`, at most `limit`, as far as they are held without a hole. */
  async above(id: ConversationId, seq: number, limit: number): Promise<readonly Row[]> {
    const held = heldAround(this.#position(id), seq + 1);
    return held === null ? [] : this.#store.rows(id, seq + 1, Math.min(held[1], seq + limit));
  }

  async #held(id: ConversationId, seq: number, where: Where, limit: number): Promise<Range | null> {
    const held = heldAround(this.#position(id), seq);
    if (held !== null) return held;
    const answer = await this.#bring(id, where, limit);
    return answer.ok ? heldAround(this.#position(id), seq) : null;
  }

  async #page(id: ConversationId, range: Range | null): Promise<Page> {
    if (range === null) return { rows: [], reaches_start: false, reaches_end: false, offline: true };
    const rows = await this.#store.rows(id, range[0], range[1]);
    const { first, cursor } = this.#position(id);
    const low = rows[0]?.seq ?? range[0];
    const high = rows.at(-1)?.seq ?? range[1];
    return { rows, reaches_start: low <= first, reaches_end: high >= (cursor ?? 0), offline: false };
  }

  #position(id: ConversationId): Position {
    return this.#mirror.conversations.get(id)?.position ?? UNKNOWN;
  }
}
