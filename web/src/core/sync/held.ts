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
