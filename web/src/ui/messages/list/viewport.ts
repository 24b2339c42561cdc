/** Which rows are on screen, and where a list stands when it is first drawn. */

import type { VirtualizerHandle } from "virtua/svelte";
import type { Item } from "../../state/items.ts";
import type { Place, Timeline } from "../../state/timeline.svelte.ts";

/** Where a list is first drawn: at which item, and how far down the view that item stands; null: at the end. */
export interface Standing {
  readonly index: number;
  below(itemSize: number, view: number): number;
}

const CENTRE = (itemSize: number, view: number): number => Math.max(0, (view - itemSize) / 2);
const A_THIRD = (_itemSize: number, view: number): number => view / 3;

export function standingOf({ items, place }: Timeline): Standing | null {
  if (place.type === "end") return null;
  const isWanted =
    place.type === "unread"
      ? (item: Item) => item.type === "new"
      : (item: Item) => "row" in item && (item.row.seq ?? 0) >= place.seq;
  const index = items.findIndex(isWanted);
  if (index === -1) return null;
  if (place.type === "unread") return { index, below: A_THIRD };
  const { offset } = place;
  return { index, below: offset === "centre" ? CENTRE : () => offset };
}

export function centred(index: number): Standing {
  return { index, below: CENTRE };
}

/** The first row on screen and its height there: the anchor for coming back. */
export function firstVisible(items: readonly Item[], list: VirtualizerHandle): Place | null {
  const offset = list.getScrollOffset();
  for (let index = Math.max(0, list.findItemIndex(offset)); index < items.length; index += 1) {
    const item = items[index];
    if (item !== undefined && "row" in item && item.row.seq !== null) {
      return { type: "seq", seq: item.row.seq, offset: list.getItemOffset(index) - offset };
    }
  }
  return null;
}

/** The seq of the last row whose lower edge is on screen; 0: none. */
export function lastVisibleSeq(items: readonly Item[], list: VirtualizerHandle): number {
  const bottom = list.getScrollOffset() + list.getViewportSize() + 1;
  for (let index = Math.min(items.length - 1, list.findItemIndex(bottom)); index >= 0; index -= 1) {
    const item = items[index];
    if (item === undefined || !("row" in item) || item.row.seq === null) continue;
    if (list.getItemOffset(index) + list.getItemSize(index) <= bottom) return item.row.seq;
  }
  return 0;
}

/** A row by its key, and how far below the upper edge of the list it stands. */
export interface Anchor {
  readonly key: string;
  readonly top: number;
}

/** The first row that begins on screen. */
export function firstRow(scroller: HTMLElement): Anchor | null {
  const edge = scroller.getBoundingClientRect().top;
  let first: Anchor | null = null;
  for (const row of scroller.querySelectorAll<HTMLElement>("article")) {
    const top = row.getBoundingClientRect().top - edge;
    if (top >= 0 && (first === null || top < first.top)) first = { key: row.dataset["key"] ?? "", top };
  }
  return first;
}

/** Where the row with this key stands now; null: it is not drawn. */
export function topOf(scroller: HTMLElement, key: string): number | null {
  const row = scroller.querySelector<HTMLElement>(`article[data-key="${CSS.escape(key)}"]`);
  return row === null ? null : row.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
}
