/** Which bodies leave a device that holds too much: never the newest of a conversation, so that each still opens without a network. */

import type { ConversationId } from "../port.ts";
import { heldRanges, withHole } from "../sync/held.ts";
import type { ConversationRecord, Evicted } from "./schema.ts";

/** The newest rows of each conversation stay. */
const KEPT_ROWS = 50;
/** Rows go in slices of so many, and each slice by the age of its newest row. */
const SLICE_ROWS = 250;
/** One part in so many of what may go, goes at once: a full disk is not met again with the next message. */
const SHARE = 4;
/** Most rows of one conversation in memory, and how many stay when there are more. */
const MOST_IN_MEMORY = 2_000;
const LEFT_IN_MEMORY = 1_500;

type Slice = readonly [low: number, high: number];
type Age = (id: ConversationId, seq: number) => Promise<number>;

/**
 * Return a quarter of what may go, the oldest of all conversations first; none: nothing may.
 *
 * `ageOf` gives the time of the newest stored row at or below a seq: it is asked once per conversation and slice.
 */
export async function oldest(records: readonly ConversationRecord[], ageOf: Age): Promise<readonly Evicted[]> {
  const queues = records
    .map((record) => ({ id: record.conversation_id, slices: [...slicesOf(record)], age: 0 }))
    .filter(({ slices }) => slices.length > 0);
  for (const queue of queues) queue.age = await ageOf(queue.id, queue.slices[0]?.[1] ?? 0);
  let wanted = queues.reduce((sum, { slices }) => sum + rowsIn(slices), 0) / SHARE;
  const gone: Evicted[] = [];
  while (wanted > 0) {
    const [first] = queues.filter(({ slices }) => slices.length > 0).sort((a, b) => a.age - b.age);
    const slice = first?.slices.shift();
    if (first === undefined || slice === undefined) break;
    gone.push([first.id, ...slice]);
    wanted -= rowsIn([slice]);
    if (first.slices[0] !== undefined) first.age = await ageOf(first.id, first.slices[0][1]);
  }
  return gone;
}

/** Return what goes of a conversation of which memory holds too much: the rows farthest from `near`, where one reads; often none. */
export function farthest(record: ConversationRecord, near: number): readonly Evicted[] {
  let held = rowsIn(heldRanges(record.position));
  if (held <= MOST_IN_MEMORY) return [];
  const distance = ([low, high]: Slice): number => Math.max(low - near, near - high);
  const gone: Evicted[] = [];
  for (const slice of [...slicesOf(record)].sort((a, b) => distance(b) - distance(a))) {
    if (held <= LEFT_IN_MEMORY) break;
    gone.push([record.conversation_id, ...slice]);
    held -= rowsIn([slice]);
  }
  return gone;
}

/** Return the records whose rows go, with holes in their place. */
export function without(records: ReadonlyMap<ConversationId, ConversationRecord>, gone: readonly Evicted[]): readonly ConversationRecord[] {
  const changed = new Map<ConversationId, ConversationRecord>();
  for (const [id, low, high] of gone) {
    const record = changed.get(id) ?? records.get(id);
    if (record === undefined) continue;
    changed.set(id, { ...record, position: { ...record.position, holes: withHole(record.position.holes, [low, high]) } });
  }
  return [...changed.values()];
}

/** What may go, in slices, the oldest first. */
function* slicesOf({ position }: ConversationRecord): Iterable<Slice> {
  const last = (position.cursor ?? 0) - KEPT_ROWS;
  for (const [from, to] of heldRanges(position)) {
    const high = Math.min(to, last);
    for (let low = from; low <= high; low += SLICE_ROWS) yield [low, Math.min(high, low + SLICE_ROWS - 1)];
  }
}

function rowsIn(ranges: readonly Slice[]): number {
  return ranges.reduce((sum, [low, high]) => sum + high - low + 1, 0);
}
