/** The order of the conversation list: pinned ones, then direct ones, then groups and channels, each the newest first, by a filter. */

import type { ConversationRow } from "../../core/port.ts";
import { titleOf } from "../state/chat.svelte.ts";

export type Section = "pinned" | "direct" | "groups";

export type ListItem =
  | { readonly type: "section"; readonly key: string; readonly section: Section }
  | { readonly type: "conversation"; readonly key: string; readonly row: ConversationRow };

export function sectioned(rows: readonly ConversationRow[], filter = ""): ListItem[] {
  const wanted = filter.trim().toLocaleLowerCase();
  // What is hidden is still found by its name.
  const shown = wanted === "" ? rows.filter(({ mine }) => !mine.hidden) : rows.filter((row) => titleOf(row).toLocaleLowerCase().includes(wanted));
  const part = (section: Section): ListItem[] => {
    const own = shown.filter((row) => sectionOf(row) === section);
    const items = own.map((row): ListItem => ({ type: "conversation", key: `c ${row.conversation_id}`, row }));
    return items.length === 0 ? [] : [{ type: "section", key: section, section }, ...items];
  };
  return [...part("pinned"), ...part("direct"), ...part("groups")];
}

function sectionOf({ mine, kind }: ConversationRow): Section {
  if (mine.pinned) return "pinned";
  return kind === "direct" ? "direct" : "groups";
}

export function inOrder(rows: readonly ConversationRow[]): ConversationRow[] {
  return sectioned(rows).flatMap((item) => (item.type === "conversation" ? [item.row] : []));
}
