/** The sentence of a system line: who created, joined, left, renamed. */

import type { LineRow, UserId } from "../../core/port.ts";
import { listed, words } from "../app/locale.ts";

export interface Names {
  readonly self: UserId;
  of(user_id: UserId): string;
}

export function sentence(row: LineRow, names: Names): string {
  const who = row.sender_id === names.self ? words.you : isolated(names.of(row.sender_id));
  const whom = (user_id: UserId) => (user_id === names.self ? words.youObject : isolated(names.of(user_id)));
  const { entry } = row;
  switch (entry.kind) {
    case "conversation_created":
      return words.created(who);
    case "member_added":
      return entry.user_id === row.sender_id ? words.joined(who) : words.invited(who, listed((entry.user_ids ?? [entry.user_id]).map(whom)));
    case "member_left":
      if (entry.banned === true) return words.banned(who, whom(entry.user_id));
      return entry.user_id === row.sender_id ? words.left(who) : words.removed(who, whom(entry.user_id));
    case "role_changed":
      return words.roleNow(who, whom(entry.user_id), words.roleWords[entry.role]);
    case "settings_changed":
      if (typeof entry.title === "string") return words.renamed(who, isolated(entry.title));
      if (typeof entry.topic === "string") return words.topicNow(who, isolated(entry.topic));
      if (typeof entry.archived === "boolean") return entry.archived ? words.archived(who) : words.unarchived(who);
      return entry.visibility == null ? words.settingsNow(who) : words.visibilityNow(who, words.visibility[entry.visibility]);
    case "unsupported":
      return words.unsupported;
    default:
      return entry satisfies never;
  }
}

/** Names may run in the other direction; these marks keep their sentence in order. */
function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}
