/** Where the reader is in a list, and what follows from it: read marks, the kept place, pages asked early, the count of new rows. */

import { tick } from "svelte";
import type { VirtualizerHandle } from "virtua/svelte";
import type { ConversationRow } from "../../core/port.ts";
import { frame } from "../kit/frames.ts";
import type { Chat } from "../state/chat.svelte.ts";
import type { Timeline } from "../state/timeline.svelte.ts";
import { ReadMarks } from "./readmarks.ts";
import { firstVisible, lastVisibleSeq, placeIndex } from "./viewport.ts";

const NEAR_END_PX = 48;
const TINT_MS = 2_000;

export class ReadingPlace {
  /** Svelte sets a bound element to null when it goes. */
  list = $state<VirtualizerHandle | null>();
  scroller = $state<HTMLElement | null>();
  /** The list stands where it was to be opened; before that it is not shown. */
  placed = $state(false);
  atEnd = $state(true);
  /** Messages of others that came below what is on screen. */
  fresh = $state(0);
  /** Key of the row that was jumped to. */
  tinted = $state<string | null>(null);
  readonly #chat: Chat;
  readonly #timeline: Timeline;
  readonly #conversation: () => ConversationRow;
  readonly #marks: ReadMarks;
  #lastSeq = 0;
  #length = 0;

  constructor(chat: Chat, timeline: Timeline, conversation: () => ConversationRow) {
    this.#chat = chat;
    this.#timeline = timeline;
    this.#conversation = conversation;
    const { conversation_id } = timeline;
    this.#marks = new ReadMarks((seq) => void chat.port.ask("read", { conversation_id, seq }));
  }

  stop(): void {
    this.#marks.stop();
  }

  async open(): Promise<void> {
    await tick();
    await frame();
    const { index, options } = placeIndex(this.#timeline, this.scroller?.clientHeight ?? 0);
    if (index >= 0) this.list?.scrollToIndex(index, options);
    await frame();
    await frame();
    this.placed = true;
    const { place, items } = this.#timeline;
    if (place.type === "seq" && place.offset === "centre") this.tint(items[index]?.key ?? null);
    this.look();
  }

  /** Call whenever the list has moved or changed its size. */
  look(): void {
    const { list } = this;
    const timeline = this.#timeline;
    if (!this.placed || !list) return;
    const offset = list.getScrollOffset();
    const view = list.getViewportSize();
    const below = list.getScrollSize() - offset - view;
    this.atEnd = below < NEAR_END_PX && timeline.reachesEnd;
    if (this.atEnd) this.fresh = 0;
    this.#chat.keepPlace(timeline.conversation_id, this.atEnd ? null : firstVisible(timeline.items, list));
    const conversation = this.#conversation();
    if (conversation.role !== null) this.#marks.see(lastVisibleSeq(timeline.items, list), conversation.read);
    if (offset < 2 * view) void timeline.older();
    if (below < 2 * view) void timeline.newer();
  }

  /** Call after every change of the rows: at the end they keep the end in view, elsewhere nothing moves. */
  changed(): void {
    const { lastSeq, shift, reachesEnd, items } = this.#timeline;
    const grown = items.length !== this.#length;
    this.#length = items.length;
    if (!shift && this.placed) {
      if (grown && this.atEnd) void tick().then(() => this.toEnd());
      else if (this.#lastSeq > 0 && reachesEnd) this.fresh += this.#othersAfter(this.#lastSeq);
    }
    this.#lastSeq = lastSeq;
    void tick()
      .then(frame)
      .then(() => this.look());
  }

  toEnd(): void {
    this.list?.scrollToIndex(this.#timeline.items.length - 1, { align: "end" });
  }

  async toNewest(): Promise<void> {
    this.fresh = 0;
    if (this.#timeline.reachesEnd) this.toEnd();
    else await this.#chat.open(this.#timeline.conversation_id, { type: "end" });
  }

  tint(key: string | null): void {
    this.tinted = key;
    setTimeout(() => (this.tinted = null), TINT_MS);
  }

  #othersAfter(seq: number): number {
    const own = this.#chat.self.user_id;
    const { items } = this.#timeline;
    return items.filter((item) => item.type === "message" && (item.row.seq ?? 0) > seq && item.row.sender_id !== own)
      .length;
  }
}
