/** Which rows are on screen, and where a list stands when it is first drawn. */

import type { VirtualizerHandle } from "virtua/svelte";
import type { Item } from "../state/items.ts";
import type { Place, Timeline } from "../state/timeline.svelte.ts";

export type ScrollOptions = NonNullable<Parameters<VirtualizerHandle["scrollToIndex"]>[1]>;

export function placeIndex(timeline: Timeline, view: number): { index: number; options: ScrollOptions } {
  const { items, place } = timeline;
  const end = { index: items.length - 1, options: { align: "end" } as const };
  if (place.type === "end") return end;
  if (place.type === "unread") {
    const index = items.findIndex((item) => item.type === "new");
    return index === -1 ? end : { index, options: { align: "start", offset: -Math.round(view / 3) } };
  }
  const index = items.findIndex((item) => "row" in item && (item.row.seq ?? 0) >= place.seq);
  if (index === -1) return end;
  if (place.offset === "centre") return { index, options: { align: "center" } };
  return { index, options: { align: "start", offset: -place.offset } };
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
