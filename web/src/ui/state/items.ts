/** What the message list draws, from stored and pending rows: days, the "New" line, groups of one author, system lines. */

import { inTimeline } from "../../core/port.ts";
import type { LineRow, MessageRow, Row } from "../../core/port.ts";
import { dayOf } from "../app/locale.ts";

export type Item =
  | { readonly type: "start"; readonly key: "start" }
  | { readonly type: "day"; readonly key: string; readonly at: number }
  | { readonly type: "new"; readonly key: "new" }
  /** `rows`: all that the line tells of, oldest first; `row` is the last of them. */
  | { readonly type: "line"; readonly key: string; readonly row: LineRow; readonly rows: readonly LineRow[] }
  | {
      readonly type: "message";
      readonly key: string;
      readonly row: MessageRow;
      /** Author and time stand above it. */ readonly first: boolean;
    };

export interface Loaded {
  readonly rows: readonly Row[];
  readonly pending: readonly MessageRow[];
  readonly unreadSeq: number | null;
  readonly reachesStart: boolean;
  /** So many are in it that nobody cares who comes and goes. */
  readonly crowded: boolean;
}

const GROUP_MS = 5 * 60_000;
const START: Item = { type: "start", key: "start" };
const NEW: Item = { type: "new", key: "new" };
// A row that did not change keeps its item, so that the list has nothing to redraw for it.
const firsts = new WeakMap<Row, Item>();
const followers = new WeakMap<Row, Item>();

export function itemsOf({ rows, pending, unreadSeq, reachesStart, crowded }: Loaded): Item[] {
  const items: Item[] = reachesStart ? [START] : [];
  let before: MessageRow | LineRow | null = null;
  /** The lines that the last item tells of, if it is of who came and went. */
  let run: LineRow[] = [];
  for (const row of rows) {
    if (!isDrawn(row)) continue;
    const passer = passing(row);
    if (crowded && (passer !== null || (row.kind === "line" && row.entry.kind === "member_added"))) continue;
    const sameDay = before !== null && dayOf(before.created_at) === dayOf(row.created_at);
    if (!sameDay) items.push({ type: "day", key: `day ${dayOf(row.created_at)}`, at: row.created_at });
    const fresh = row.seq !== null && row.seq === unreadSeq;
    if (fresh) items.push(NEW);
    if (passer !== null && sameDay && !fresh && run.length > 0) {
      run.push(passer);
      items[items.length - 1] = { type: "line", key: passer.key, row: passer, rows: run };
    } else {
      run = passer === null ? [] : [passer];
      items.push(itemOf(row, fresh || !sameDay || !followsOn(before, row)));
    }
    before = row;
  }
  for (const row of pending) {
    if (!inTimeline(row)) continue;
    items.push(itemOf(row, !followsOn(before, row)));
    before = row;
  }
  return items;
}

/** Say whether a row needs no author and time of its own above it. */
export function followsOn(before: Row | null, row: Row): boolean {
  if (before === null || before.kind !== "message" || row.kind !== "message") return false;
  if (row.target_seq !== null || row.thread_seq !== before.thread_seq || row.forwarded != null || row.via !== before.via) return false;
  return before.sender_id === row.sender_id && writtenAt(row) - writtenAt(before) < GROUP_MS;
}

/** Return when a message was written, which may have been elsewhere and long before. */
export function writtenAt(row: MessageRow): number {
  return row.sent_at ?? row.created_at;
}

/** Changes are seen in what they changed, replies in their threads. */
export function isDrawn(row: Row): row is MessageRow | LineRow {
  return row.kind === "line" || (row.kind === "message" && inTimeline(row));
}

/** Return the line if it tells of somebody who came or went by himself: several in a row are one. */
function passing(row: MessageRow | LineRow): LineRow | null {
  if (row.kind !== "line" || (row.entry.kind !== "member_added" && row.entry.kind !== "member_left")) return null;
  return row.entry.user_id === row.sender_id ? row : null;
}

function itemOf(row: MessageRow | LineRow, first: boolean): Item {
  const known = first ? firsts : followers;
  let item = known.get(row);
  if (item === undefined) {
    item = row.kind === "message" ? { type: "message", key: row.key, row, first } : { type: "line", key: row.key, row, rows: [row] };
    known.set(row, item);
  }
  return item;
}
