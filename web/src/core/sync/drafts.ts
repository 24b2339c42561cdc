/** What becomes of a draft that the server has told to the user's other devices; pure. */

import type { Draft } from "../port.ts";

/** Return what is kept in place of `before`: where the server has one, an empty draft says that it is no more. */
export function draftAfter(before: Draft | null, draft: Draft | null, now: number): Draft | null {
  const shared_at = before?.shared_at;
  if (shared_at === undefined) return draft;
  return { ...(draft ?? { text: "", target_seq: null, selection: [0, 0], changed_at: now }), shared_at };
}
