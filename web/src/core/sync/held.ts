/** Which rows of a conversation are on this device: everything from the first readable to the cursor, but for the holes; pure. */

import type { Position, Range } from "../link/actions.ts";

/** Return the unbroken range of held rows around `seq`; null: it is not held. */
export function heldAround(position: Position, seq: number): Range | null {
  const { cursor, first, holes } = position;
  if (cursor === null || seq > cursor || seq < first || cursor < first) return null;
  if (holes.some(([low, high]) => low <= seq && seq <= high)) return null;
  const below = holes.findLast(([, high]) => high < seq);
  const above = holes.find(([low]) => low > seq);
  return [below === undefined ? first : below[1] + 1, above === undefined ? cursor : above[0] - 1];
}

/** Return all ranges of held rows, rising. */
export function heldRanges({ cursor, first, holes }: Position): readonly Range[] {
  if (cursor === null) return [];
  const held: Range[] = [];
  let low = first;
  for (const [from, to] of holes) {
    if (from > low) held.push([low, from - 1]);
    low = Math.max(low, to + 1);
  }
  if (low <= cursor) held.push([low, cursor]);
  return held;
}

/** Return the holes with one more among them, rising; those that touch become one. */
export function withHole(holes: readonly Range[], [low, high]: Range): readonly Range[] {
  const apart = holes.filter((hole) => hole[1] < low - 1 || hole[0] > high + 1);
  const joined = holes.filter((hole) => !apart.includes(hole));
  const hole: Range = [Math.min(low, ...joined.map(([from]) => from)), Math.max(high, ...joined.map(([, to]) => to))];
  return [...apart, hole].sort(([a], [b]) => a - b);
}
