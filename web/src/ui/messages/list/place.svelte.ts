/** Where the reader is in a list, and what follows from it: read marks, the kept place, pages asked early, the count of new rows. */

import { tick } from "svelte";
import type { VirtualizerHandle } from "virtua/svelte";
import type { ConversationRow } from "../../../core/port.ts";
import { frame } from "../../kit/frames.ts";
import type { Chat } from "../../state/chat.svelte.ts";
import type { Timeline } from "../../state/timeline.svelte.ts";
import { ReadMarks } from "./readmarks.ts";
import { firstRow, firstVisible, lastVisibleSeq, standingOf, topOf, type Anchor, type Standing } from "./viewport.ts";

const NEAR_END_PX = 48;
const TINT_MS = 2_000;
const SETTLE_FRAMES = 20;
const STILL_FRAMES = 3;
const REST_MS = 250;

export class ReadingPlace {
  /** Svelte sets a bound element to null when it goes. */
  list = $state<VirtualizerHandle | null>();
  scroller = $state<HTMLElement | null>();
  /** The list stands where it was to be opened; before that it is not shown. */
  placed = $state(false);
  atEnd = $state(true);
  /** Messages of others that came below what is on screen. */
  readonly fresh = $derived.by(() => this.#timeline.arrived - this.#seen);
  /** Key of the row that was jumped to. */
  tinted = $state<string | null>(null);
  readonly #chat: Chat;
  readonly #timeline: Timeline;
  readonly #conversation: () => ConversationRow;
  readonly #marks: ReadMarks;
  #seen = $state(0);
  #length = 0;
  #anchor: Anchor | null = null;
  /** Rows put in front while those below are still being measured would push what is on screen. */
  #rested = false;
  #rest: ReturnType<typeof setTimeout> | null = null;

  constructor(chat: Chat, timeline: Timeline, conversation: () => ConversationRow) {
    this.#chat = chat;
    this.#timeline = timeline;
    this.#conversation = conversation;
    const { conversation_id } = timeline;
    this.#marks = new ReadMarks((seq) => void chat.port.ask("read", { conversation_id, seq }));
  }

  stop(): void {
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#marks.stop();
  }

  async open(): Promise<void> {
    await tick();
    await frame();
    const standing = standingOf(this.#timeline);
    await this.stand(standing);
    this.placed = true;
    const { place, items } = this.#timeline;
    if (standing !== null && place.type === "seq" && place.offset === "centre")
      this.tint(items[standing.index]?.key ?? null);
    this.look();
    this.#rest = setTimeout(() => {
      this.#rested = true;
      this.look();
    }, REST_MS);
  }

  /** Scroll there. Rows are measured as they are drawn, so it takes some frames until the list stands. */
  async stand(standing: Standing | null): Promise<void> {
    for (let frames = 0, still = 0; frames < SETTLE_FRAMES && still < STILL_FRAMES; frames += 1) {
      const { list, scroller } = this;
      if (!list || !scroller) return;
      const view = scroller.clientHeight;
      const before = scroller.scrollTop;
      scroller.scrollTop =
        standing === null
          ? scroller.scrollHeight
          : list.getItemOffset(standing.index) - standing.below(list.getItemSize(standing.index), view);
      still = Math.abs(scroller.scrollTop - before) < 1 ? still + 1 : 0;
      await frame();
    }
  }

  /** Key of the first row that begins on screen. */
  get firstKey(): string | null {
    return this.#anchor?.key ?? null;
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
    timeline.follows = this.atEnd;
    if (this.atEnd) this.#seen = timeline.arrived;
    this.#anchor = this.scroller ? firstRow(this.scroller) : null;
    this.#chat.keepPlace(timeline.conversation_id, this.atEnd ? null : firstVisible(timeline.items, list));
    const conversation = this.#conversation();
    if (conversation.role !== null && this.#isUpToDate)
      this.#marks.see(lastVisibleSeq(timeline.items, list), conversation.read);
    if (!this.#rested) return;
    if (offset < 2 * view) void timeline.older();
    if (below < 2 * view) void timeline.newer();
  }

  /** Call after every change of the rows: at the end they keep the end in view, elsewhere nothing moves. */
  changed(): void {
    const { shift, items } = this.#timeline;
    const grown = items.length !== this.#length;
    this.#length = items.length;
    if (grown && !shift && this.placed && this.atEnd && this.#isUpToDate) void tick().then(() => this.toEnd());
    void tick()
      .then(frame)
      .then(() => this.look());
  }

  /** At once and only once: the list's own scrolling would insist for a while, against a reader who scrolls up. */
  toEnd(): void {
    if (this.scroller) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /**
   * Call when rows or the list itself have another size: the end stays in view, or else the first row on screen where
   * it is. The list sees to that too, but right after older rows came it takes rows below the screen for rows above.
   */
  async resized(): Promise<void> {
    if (!this.placed) return;
    await tick();
    const { scroller } = this;
    if (this.atEnd) this.toEnd();
    else if (this.#anchor !== null && scroller) {
      const top = topOf(scroller, this.#anchor.key);
      if (top !== null && Math.abs(top - this.#anchor.top) >= 0.5) scroller.scrollTop += top - this.#anchor.top;
    }
  }

  async toNewest(): Promise<void> {
    if (this.#timeline.reachesEnd) this.toEnd();
    else await this.#chat.open(this.#timeline.conversation_id, { type: "end" });
  }

  tint(key: string | null): void {
    this.tinted = key;
    setTimeout(() => (this.tinted = null), TINT_MS);
  }

  /** While what was missed is still coming, it is neither followed to the end nor read. */
  get #isUpToDate(): boolean {
    return this.#chat.link === "live" || this.#chat.link === "offline";
  }
}
