/** Which conversations a few letters mean, the likeliest first. */

import type { ConversationRow } from "../../core/port.ts";
import { titleOf } from "../state/chat.svelte.ts";

const MOST = 30;

/**
 * Return at most 30. Without letters: what is unread, then the newest, the open one last, so that Enter goes where one
 * probably wants to. With letters: names that begin with them, then words that do, then the rest; accents do not matter.
 */
export function find(rows: readonly ConversationRow[], letters: string, open: number | null): readonly ConversationRow[] {
  const wanted = plain(letters.trim());
  if (wanted === "") {
    const rank = (row: ConversationRow) => (row.conversation_id === open ? 2 : row.unread > 0 ? 0 : 1);
    return rows.filter(({ mine }) => !mine.hidden).toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST);
  }
  const ranked = rows.map((row) => ({ row, rank: rankOf(plain(titleOf(row)), wanted) }));
  return ranked.filter(({ rank }) => rank < 3).toSorted((a, b) => a.rank - b.rank).slice(0, MOST).map(({ row }) => row);
}

function rankOf(title: string, wanted: string): number {
  if (title.startsWith(wanted)) return 0;
  return title.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted)) ? 1 : title.includes(wanted) ? 2 : 3;
}

function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
