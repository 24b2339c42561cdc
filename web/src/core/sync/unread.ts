/** What a read watermark leaves unread, counted from the rows that are held (U1); the link adds what arrives. */

import { inTimeline, type MessageRow, type Row, type UserId } from "../port.ts";

/**
 * Return how many messages above `seq` count as unread: those after one's own last one.
 *
 * `rows` are held ones around `seq` and above, rising. Ordinals count what lies in holes between them too.
 */
export function unreadAbove(rows: readonly Row[], seq: number, me: UserId): number {
  let count = 0;
  let ordinal: number | null = null;
  for (const row of rows) {
    if (!counts(row) || row.seq === null || row.ordinal === null) continue;
    // Sending moves the sender's own watermark to his message.
    const isRead = row.seq <= seq || row.sender_id === me;
    const passed: number = ordinal === null ? 1 : row.ordinal - ordinal;
    count = isRead ? 0 : count + passed;
    ordinal = row.ordinal;
  }
  return count;
}

/** Return the seq at which the "New" line stands: the oldest message of others above the watermark. */
export function firstUnread(rows: readonly Row[], read: number, me: UserId): number | null {
  const found = rows.find((row) => counts(row) && row.seq !== null && row.seq > read && row.sender_id !== me);
  return found?.seq ?? null;
}

/** Replies that stand in their thread only count there. */
function counts(row: Row): row is MessageRow {
  return row.kind === "message" && inTimeline(row);
}
