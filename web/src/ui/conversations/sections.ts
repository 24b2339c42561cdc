/** The order of the conversation list: direct ones, then groups and channels, each the newest first, by a filter. */

import type { ConversationRow } from "../../core/port.ts";
import { titleOf } from "../state/chat.svelte.ts";

export type ListItem =
  | { readonly type: "section"; readonly key: string; readonly section: "direct" | "groups" }
  | { readonly type: "conversation"; readonly key: string; readonly row: ConversationRow };

export function sectioned(rows: readonly ConversationRow[], filter = ""): ListItem[] {
  const wanted = filter.trim().toLocaleLowerCase();
  const shown = wanted === "" ? rows : rows.filter((row) => titleOf(row).toLocaleLowerCase().includes(wanted));
  const part = (section: "direct" | "groups"): ListItem[] => {
    const own = shown.filter((row) => (row.kind === "direct") === (section === "direct"));
    const items = own.map((row): ListItem => ({ type: "conversation", key: `c ${row.conversation_id}`, row }));
    return items.length === 0 ? [] : [{ type: "section", key: section, section }, ...items];
  };
  return [...part("direct"), ...part("groups")];
}

export function inOrder(rows: readonly ConversationRow[]): ConversationRow[] {
  return sectioned(rows).flatMap((item) => (item.type === "conversation" ? [item.row] : []));
}
