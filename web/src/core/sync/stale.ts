/**
 * Rows that may not be as the log has made them: they are let go, and fetched again when somebody wants to see them
 * (after a log that came back shorter: outbox/again.ts).
 *
 * So every row that is held is as the entries up to the cursor have made it, whatever holes there are.
 */

import type { Durable } from "../link/actions.ts";
import type { Evicted } from "../store/schema.ts";
import type { Known } from "./apply.ts";

/** Return what lies below a leap: entries that are not held may have changed it. */
export function leapt(actions: readonly Durable[], known: Known): readonly Evicted[] {
  return actions.flatMap((action): Evicted[] => {
    const before = action.type === "apply" ? known.conversations.get(action.conversation_id)?.position : undefined;
    if (action.type !== "apply" || before?.cursor == null || before.cursor < before.first) return [];
    const { cursor, first } = before;
    return action.position.holes.some(([low]) => low === cursor + 1) ? [[action.conversation_id, first, cursor]] : [];
  });
}
