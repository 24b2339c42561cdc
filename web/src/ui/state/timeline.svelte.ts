/** The window of one open conversation: stored rows in a row, own pending ones after them, and how to get more on either side. */

import { tick } from "svelte";
import { inTimeline } from "../../core/port.ts";
import type { ConversationId, Draft, MessageRow, Opened, Page, Port, Row, Session, UserId } from "../../core/port.ts";
import { itemsOf } from "./items.ts";
import { Wishes } from "./wishes.svelte.ts";

/** Where the list stands when it is first drawn: a row by seq at a height of the view, the "New" line, or the end. */
export type Place =
  | { readonly type: "end" }
  | { readonly type: "unread" }
  | { readonly type: "seq"; readonly seq: number; readonly offset: number | "centre" };

const PAGE = 50;
/** Most stored rows in the page; when there are more, those farthest from the reader go until so many are left. */
const MOST = 2_000;
const LEFT = 1_500;
/** After so long, and at most so often, the end is asked for again when a row beyond it was told. */
const AGAIN_MS = 200;
const AGAIN = 10;
/** Where more are in it, it is not told who comes and goes. */
const CROWD_MEMBERS = 250;

export class Timeline {
  readonly conversation_id: ConversationId;
  readonly place: Place;
  /** As the newest of the device's copies had it; the composer has its own from then on. */
  readonly draft: Draft | null;
  readonly unreadSeq: number | null;
  readonly #port: Port;
  readonly #self: UserId;
  /** As it was when it was opened: no line vanishes under the reader. */
  readonly #crowded: boolean;
  #rows = $state.raw<readonly Row[]>([]);
  #pending = $state.raw<readonly MessageRow[]>([]);
  #reachesStart = $state(false);
  #reachesEnd = $state(false);
  /** The newest row that was told and is not in the window: it may have been told while the window was on its way. */
  #beyond = 0;
  #again = 0;
  /** The last change put rows in front: the list keeps its place by its end. */
  shift = $state(false);
  loading = $state<"older" | "newer" | null>(null);
  failed = $state(false);
  /** How many messages of others have come since the window was opened. */
  arrived = $state(0);
  /** The reader is at the end: rows that come are seen, and those far above may go. */
  follows = true;
  readonly wishes: Wishes;
  readonly items = $derived.by(() =>
    itemsOf({
      rows: this.wishes.over(this.#rows),
      // After a gap they would stand where they do not belong.
      pending: this.#reachesEnd ? this.#pending : [],
      unreadSeq: this.unreadSeq,
      reachesStart: this.#reachesStart,
      crowded: this.#crowded,
    }),
  );

  constructor(
    chat: { readonly port: Port; readonly self: Session },
    opened: Opened,
    place: Place,
    draft: Draft | null,
  ) {
    this.#port = chat.port;
    this.#self = chat.self.user_id;
    this.#crowded = opened.conversation.member_count > CROWD_MEMBERS;
    this.conversation_id = opened.conversation.conversation_id;
    this.place = place;
    this.draft = draft;
    this.unreadSeq = opened.unread_seq;
    this.#rows = opened.rows;
    this.#pending = opened.pending;
    this.wishes = new Wishes(opened.changes);
    this.#reachesStart = opened.reaches_start;
    this.#reachesEnd = opened.reaches_end;
  }

  get reachesStart(): boolean {
    return this.#reachesStart;
  }

  get reachesEnd(): boolean {
    return this.#reachesEnd;
  }

  get lastSeq(): number {
    return this.#rows.at(-1)?.seq ?? 0;
  }

  rowAt(seq: number): Row | undefined {
    const first = this.#rows[0]?.seq ?? 0;
    const near = this.#rows[seq - first];
    return near?.seq === seq ? near : this.#rows.find((row) => row.seq === seq);
  }

  /** The newest message of this author that is stored or pending, of those which `isMeant`: there still, in the main timeline. */
  newestOf(user_id: UserId, isMeant: (row: MessageRow) => boolean = isThere): MessageRow | undefined {
    const mine = (row: Row): row is MessageRow => row.kind === "message" && row.sender_id === user_id && isMeant(row);
    return this.#pending.findLast(mine) ?? this.#rows.findLast(mine);
  }

  async older(): Promise<void> {
    const seq = this.#rows[0]?.seq;
    if (seq === undefined || seq === null || this.#reachesStart || this.loading !== null) return;
    if (this.#rows.length + PAGE > MOST) this.#cutEnd();
    const page = await this.#load("older", seq);
    if (page === null) return;
    this.shift = true;
    this.#rows = [...page.rows, ...this.#rows];
    this.#reachesStart = page.reaches_start;
  }

  async newer(): Promise<void> {
    const seq = this.lastSeq;
    if (seq === 0 || this.#reachesEnd || this.loading !== null) return;
    if (this.#rows.length + PAGE > MOST) this.#cutStart();
    const page = await this.#load("newer", seq);
    if (page === null) return;
    this.shift = false;
    this.#rows = [...this.#rows, ...page.rows];
    const isWhole = this.lastSeq >= this.#beyond || this.#again >= AGAIN;
    this.#reachesEnd = page.reaches_end && isWhole;
    if (page.reaches_end && !isWhole) {
      this.#again += 1;
      setTimeout(() => void this.newer(), AGAIN_MS);
    }
  }

  /** A row of this seq was told before the window was there: what the window takes for its end may not be it. */
  told(seq: number): void {
    if (seq <= this.lastSeq || !this.#reachesEnd) return;
    this.#beyond = seq;
    this.#reachesEnd = false;
    void this.newer();
  }

  /** Rows from the worker: changed ones take their place, new ones stand at the end if the window reaches it. */
  apply(rows: readonly Row[], removed: readonly string[], changed: readonly Row[] = []): void {
    this.shift = false;
    const gone = new Set(removed);
    const places = new Map(this.#rows.map((row, index) => [row.key, index]));
    const stored = [...this.#rows];
    const pending = new Map(this.#pending.map((row) => [row.key, row]));
    for (const row of rows) {
      if (row.seq === null) {
        if (row.kind === "message") pending.set(row.key, row);
        continue;
      }
      pending.delete(row.key);
      const place = places.get(row.key);
      if (place !== undefined) stored[place] = row;
      else if (row.seq > (stored.at(-1)?.seq ?? 0)) {
        if (row.kind === "message" && inTimeline(row) && row.sender_id !== this.#self) this.arrived += 1;
        if (stored.length >= MOST && !this.follows) this.#reachesEnd = false;
        if (this.#reachesEnd) places.set(row.key, stored.push(row) - 1);
        else [this.#beyond, this.#again] = [row.seq, 0];
      }
    }
    for (const row of changed) {
      const place = places.get(row.key);
      if (place !== undefined) stored[place] = row;
    }
    for (const key of gone) pending.delete(key);
    this.#rows = gone.size === 0 ? stored : stored.filter((row) => !gone.has(row.key));
    this.#pending = [...pending.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    if (stored.length > MOST) void tick().then(() => this.#cutStart());
  }

  // The list takes a change at one of its ends at a time: a cut is drawn before the page that it makes room for is here.

  #cutEnd(): void {
    this.shift = false;
    this.#rows = this.#rows.slice(0, LEFT);
    this.#reachesEnd = false;
  }

  #cutStart(): void {
    this.shift = true;
    this.#rows = this.#rows.slice(-LEFT);
    this.#reachesStart = false;
  }

  async #load(side: "older" | "newer", seq: number): Promise<Page | null> {
    this.loading = side;
    const answer = await this.#port.ask(side, { conversation_id: this.conversation_id, seq, limit: PAGE });
    this.loading = null;
    this.failed = !answer.ok || (answer.value.offline && answer.value.rows.length === 0);
    return answer.ok && (answer.value.rows.length > 0 || !answer.value.offline) ? answer.value : null;
  }
}

function isThere(row: MessageRow): boolean {
  return inTimeline(row) && row.deleted_seq == null;
}
