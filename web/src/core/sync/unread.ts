/** What a read watermark leaves unread, counted from the rows that are held (U1); the link adds what arrives. */

import type { Row, UserId } from "../port.ts";

/** Return how many of these rows, all those above `seq`, count as unread: messages of others after one's own last one. */
export function unreadAbove(rows: readonly Row[], seq: number, me: UserId): number {
  let count = 0;
  for (const row of rows) {
    if (row.kind !== "message" || row.seq === null || row.seq <= seq || row.ordinal === null) continue;
    // Sending moves the sender's own watermark to his message.
    if (row.sender_id === me) count = 0;
    else count += 1;
  }
  return count;
}

/** Return the seq at which the "New" line stands: the oldest message of others above the watermark. */
export function firstUnread(rows: readonly Row[], read: number, me: UserId): number | null {
  const found = rows.find((row) => row.kind === "message" && row.seq !== null && row.seq > read && row.sender_id !== me);
  return found?.seq ?? null;
}
