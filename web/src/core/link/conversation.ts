/** Client rules 2, 3 and 5: which entries of one conversation are applied, held back, dropped or fetched. */

import { CONSTANTS, type ConversationId, type Entry, type HeadRow, type OwnRead, type Page, type UserId } from "../protocol/types.ts";
import { withHole } from "../sync/held.ts";
import { HIDDEN, MARKED_UNREAD } from "../sync/mine.ts";
import type { Position, Range } from "./actions.ts";

/** So many pages in a row that bring nothing towards a head heard of: it does not exist, believe the page. */
const BARREN_PAGES = 3;
const BARREN_WAIT_S = 0.5;
const FLAG_LEFT = 16;

/** What a fetch asks for. */
export type Direction = "after" | "newest";

/** One conversation as this device follows it; entries are handed out once, for one transaction with the position. */
export class Conversation {
  readonly id: ConversationId;
  readonly #me: UserId;
  cursor: number | null;
  head: number;
  first: number;
  holes: Range[];
  read: number;
  unread: number;
  mentions: number;
  counted: number;
  flags: number;
  readWanted: number;
  /** When to fetch what is missing; null: nothing is, or nothing is known to be. */
  fetchAt: number | null = null;
  comparing = false;
  #held = new Map<number, Entry>();
  #barren = 0;
  /** The server's numbers of a log that is in doubt: they hold once both agree. */
  #doubtful: HeadRow | null = null;

  constructor(id: ConversationId, me: UserId, position: Position) {
    this.id = id;
    this.#me = me;
    this.cursor = position.cursor;
    this.head = position.head;
    this.first = position.first;
    this.holes = [...position.holes];
    this.read = position.read;
    this.unread = position.unread;
    this.mentions = position.mentions;
    this.counted = position.counted;
    this.flags = position.flags;
    this.readWanted = position.read_wanted;
  }

  /** Return what is to be stored. */
  position(): Position {
    return {
      cursor: this.cursor, head: this.head, first: this.first, holes: [...this.holes], read: this.read, unread: this.unread,
      mentions: this.mentions, counted: this.counted, flags: this.flags, read_wanted: this.readWanted,
    };
  }

  /** Say whether an entry is known to exist above the cursor. */
  isBehind(): boolean {
    return this.cursor === null || this.cursor < this.head;
  }

  /** Rule 2: what is at or below the cursor has been applied. */
  isDropped(seq: number): boolean {
    return this.cursor !== null && seq <= this.cursor;
  }

  /** Take an entry that the server pushed; return what is to be applied now, in order. */
  event(entry: Entry, now: number): readonly Entry[] {
    if (!this.comparing && this.isDropped(entry.seq)) return [];
    this.head = Math.max(this.head, entry.seq);
    if (this.comparing) return [];
    if (entry.seq === (this.cursor ?? 0) + 1) return this.#take([entry]);
    if (this.#held.size < CONSTANTS.HOLD_BACK_ENTRIES) this.#held.set(entry.seq, entry);
    this.#fetchBy(this.cursor === null ? now : now + CONSTANTS.HOLD_BACK_S);
    return [];
  }

  /** Learn that entry `seq` exists; it is fetched unless it comes by itself within `patienceS`. */
  heardOf(seq: number, now: number, patienceS = 0): void {
    this.head = Math.max(this.head, seq);
    if (this.isBehind()) this.#fetchBy(now + (this.cursor === null ? 0 : patienceS));
  }

  /** Take the server's numbers; false: its head is below the cursor, so the logs must be compared (rule 6). */
  row(row: HeadRow, now: number): boolean {
    const [, head, read, , , , flags] = row;
    const isBelow = head < (this.cursor ?? 0);
    this.#doubtful = this.comparing || isBelow ? row : null;
    this.flags = flags;
    if (this.#doubtful === null && read >= Math.max(this.read, this.readWanted)) {
      this.#adopt(row);
      this.readWanted = 0;
    }
    if (!this.comparing && (isBelow || (flags & FLAG_LEFT) !== 0)) {
      this.head = head;
      if (!this.isBehind()) this.fetchAt = null;
    }
    this.heardOf(head, now);
    return !isBelow;
  }

  /** The server has the watermark. */
  readTold(): void {
    this.read = Math.max(this.read, this.readWanted);
    this.readWanted = 0;
  }

  /** What was marked unread has been read since. */
  unmark(): void {
    this.flags &= ~MARKED_UNREAD;
  }

  /** The user has read on this device; false: no further than before. */
  readHere(seq: number, unread: number): boolean {
    if (seq <= Math.max(this.read, this.readWanted)) return false;
    this.readWanted = seq;
    this.unread = unread;
    this.mentions = 0;
    this.unmark();
    return true;
  }

  /** The user has read on another device; false: not as far as on this one. */
  readElsewhere({ seq, unread, mentions }: OwnRead): boolean {
    if (seq < Math.max(this.read, this.readWanted)) return false;
    this.read = seq;
    this.unread = unread;
    this.mentions = mentions;
    this.counted = Math.max(this.counted, this.cursor ?? 0);
    this.unmark();
    return true;
  }

  /** Return what to fetch now; null: nothing, or not yet. */
  wants(now: number): Direction | null {
    if (this.comparing || this.fetchAt === null || now < this.fetchAt) return null;
    return this.cursor === null || this.head - this.cursor > CONSTANTS.HOLE_ENTRIES ? "newest" : "after";
  }

  /** Take the answer to what `wants` said; return the entries to apply, rising. */
  page(page: Page, direction: Direction, now: number): readonly Entry[] {
    this.#keptFrom(page.first_kept);
    if (direction === "newest") this.#leap(page);
    else if ((this.cursor ?? 0) < this.first - 1) this.cursor = this.first - 1;
    const before = this.cursor;
    const taken = this.#take(this.#successors(page.entries));
    this.head = Math.max(this.head, page.head);
    this.#afterPage(page, now, this.cursor !== before);
    return taken;
  }

  /** Take a page of the past that was asked for elsewhere; return the entries that were not held, rising. */
  fill(page: Page): readonly Entry[] {
    this.#keptFrom(page.first_kept);
    const wanted = page.entries.filter((entry) => this.holes.some(([low, high]) => low <= entry.seq && entry.seq <= high));
    const got = new Set(wanted.map((entry) => entry.seq));
    this.holes = this.holes.flatMap((hole) => without(hole, got));
    return wanted;
  }

  /** The store has let these rows go: they are asked for again when somebody wants to see them. */
  evict(range: Range): void {
    this.holes = [...withHole(this.holes, range)];
  }

  /** Stop asking: the server says that this user may not read further. */
  unreadable(): void {
    this.cursor ??= this.head;
    this.head = this.cursor;
    this.fetchAt = null;
    this.#held.clear();
  }

  /** Fetch, but not before `at`. */
  later(at: number): void {
    this.fetchAt = this.isBehind() ? at : null;
  }

  /** Another log begins: what was heard of and held back belongs to the one before. */
  restart(): void {
    this.head = 0;
    this.fetchAt = null;
    this.#held.clear();
    // With nothing held there is nothing to compare, so the numbers of the log before go at once: they are higher than
    // the server's new ones and would be kept as the newer.
    if (!this.cursor) this.read = this.unread = this.mentions = this.counted = this.readWanted = 0;
  }

  /** Keep only what the new log has too, and fetch the rest. */
  truncate(after: number, now: number): void {
    this.#recount(after);
    this.cursor = after;
    this.comparing = false;
    this.holes = this.holes.filter(([low]) => low <= after).map(([low, high]) => [low, Math.min(high, after)]);
    this.#held.clear();
    this.fetchAt = null;
    this.heardOf(after, now);
  }

  /** Take over the numbers of the server's log, unless they are older than what is held and not in doubt. */
  #recount(after: number): void {
    const row = this.#doubtful;
    const isCut = after < (this.cursor ?? 0);
    this.#doubtful = null;
    if (isCut) {
      this.counted = Math.min(this.counted, after);
      this.readWanted = Math.min(this.readWanted, after);
    }
    if (row !== null && row[1] >= after && (isCut || row[2] >= this.readWanted)) this.#adopt(row);
    if (this.readWanted <= this.read) this.readWanted = 0;
  }

  #adopt([, head, read, , unread, mentions]: HeadRow): void {
    this.read = read;
    this.unread = unread;
    this.mentions = mentions;
    this.counted = head;
  }

  /** What is older cannot be had, and is no hole. */
  #keptFrom(seq: number): void {
    if (seq <= this.first) return;
    this.first = seq;
    this.holes = this.holes.filter(([, high]) => high >= seq).map(([low, high]) => [Math.max(low, seq), high]);
  }

  #fetchBy(at: number): void {
    this.fetchAt = this.fetchAt === null ? at : Math.min(this.fetchAt, at);
  }

  /** Move the cursor over the entries and over what was held back behind them. */
  #take(entries: readonly Entry[]): readonly Entry[] {
    const taken = [...entries];
    let cursor = Math.max(this.cursor ?? 0, ...entries.map((entry) => entry.seq));
    for (let next = this.#held.get(cursor + 1); next !== undefined; next = this.#held.get(cursor + 1)) {
      taken.push(next);
      cursor += 1;
    }
    if (taken.length > 0) {
      this.cursor = cursor;
      this.head = Math.max(this.head, cursor);
      for (const seq of this.#held.keys()) if (seq <= cursor) this.#held.delete(seq);
      if (!this.isBehind()) this.fetchAt = null;
    }
    for (const entry of taken) this.#count(entry);
    return taken;
  }

  /** Return those that continue the cursor without a gap. */
  #successors(entries: readonly Entry[]): readonly Entry[] {
    let expected = (this.cursor ?? 0) + 1;
    return entries.filter((entry) => {
      if (entry.seq !== expected) return false;
      expected += 1;
      return true;
    });
  }

  #count(entry: Entry): void {
    if (entry.ordinal == null || entry.seq <= this.counted) return;
    // A reply that stands in its thread only counts there.
    if (entry.kind === "message_sent" && entry.thread_seq != null && entry.broadcast !== true) return;
    this.counted = entry.seq;
    this.flags &= ~HIDDEN;
    if (entry.sender_id === this.#me) {
      // Sending moves the sender's own watermark to his message.
      this.unmark();
      this.read = Math.max(this.read, entry.seq);
      this.unread = 0;
      this.mentions = 0;
    } else if (entry.seq > Math.max(this.read, this.readWanted)) {
      this.unread += 1;
      if (entry.kind === "message_sent" && entry.mentions?.some((user) => user === this.#me || user === 0) === true) this.mentions += 1;
    }
  }

  /** Move the cursor below the newest page and remember what was leapt over. */
  #leap(page: Page): void {
    const start = page.entries[0]?.seq ?? page.head + 1;
    const low = Math.max((this.cursor ?? 0) + 1, this.first);
    if (low < start) this.holes.push([low, start - 1]);
    this.cursor = Math.max(this.cursor ?? 0, start - 1);
  }

  #afterPage(page: Page, now: number, moved: boolean): void {
    if (!this.isBehind()) {
      this.fetchAt = null;
      this.#barren = 0;
    } else if (moved) {
      this.fetchAt = now;
      this.#barren = 0;
    } else if (this.#barren < BARREN_PAGES) {
      this.#barren += 1;
      this.fetchAt = now + BARREN_WAIT_S;
    } else {
      this.head = Math.max(this.cursor ?? 0, page.head);
      this.fetchAt = null;
      this.#barren = 0;
    }
  }
}

/** Return what is left of a hole once these seqs are held. */
function without([low, high]: Range, got: ReadonlySet<number>): Range[] {
  const left: Range[] = [];
  let start: number | null = null;
  for (let seq = low; seq <= high + 1; seq += 1) {
    if (seq <= high && !got.has(seq)) start ??= seq;
    else if (start !== null) {
      left.push([start, seq - 1]);
      start = null;
    }
  }
  return left;
}
