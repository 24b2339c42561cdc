/** The sentences of system lines: who created, joined, left, renamed. Loaded beside the page: most of what one sees first are messages. */

import type { LineRow, UserId } from "../../core/port.ts";
import { said, type Doer } from "../../locales/en/lines.ts";
import { listed, words } from "../app/locale.ts";

export interface Names {
  readonly self: UserId;
  of(user_id: UserId): string;
}

/** Say what one line or several in a row tell, where these are of who came and went. */
export function sentences(rows: readonly LineRow[], names: Names): string {
  const [only] = rows;
  if (only !== undefined && rows.length === 1) return sentence(only, names);
  const passed = (kind: LineRow["entry"]["kind"], saying: (who: string, by: Doer) => string): readonly string[] => {
    const ids = new Set(rows.filter(({ entry }) => entry.kind === kind).map(({ sender_id }) => sender_id));
    const self = ids.delete(names.self);
    const who = [...(self ? [words.you] : []), ...[...ids].map((id) => isolated(names.of(id)))];
    return who.length === 0 ? [] : [saying(listed(who), who.length > 1 ? "several" : self ? "you" : "one")];
  };
  return [...passed("member_added", said.joined), ...passed("member_left", said.left)].join(" · ");
}

function sentence(row: LineRow, names: Names): string {
  const self = row.sender_id === names.self;
  const who = self ? words.you : isolated(names.of(row.sender_id));
  const by: Doer = self ? "you" : "one";
  const whom = (user_id: UserId) => (user_id === names.self ? said.youObject : isolated(names.of(user_id)));
  const { entry } = row;
  switch (entry.kind) {
    case "conversation_created":
      return said.created(who, by);
    case "member_added":
      return entry.user_id === row.sender_id ? said.joined(who, by) : said.invited(who, by, listed((entry.user_ids ?? [entry.user_id]).map(whom)));
    case "member_left":
      if (entry.banned === true) return said.banned(who, by, whom(entry.user_id));
      return entry.user_id === row.sender_id ? said.left(who, by) : said.removed(who, by, whom(entry.user_id));
    case "role_changed":
      return said.roleNow(who, by, whom(entry.user_id), said.roleWords[entry.role]);
    case "settings_changed":
      if (typeof entry.title === "string") return said.renamed(who, by, isolated(entry.title));
      if (typeof entry.topic === "string") return said.topicNow(who, by, isolated(entry.topic));
      if (typeof entry.archived === "boolean") return entry.archived ? said.archived(who, by) : said.unarchived(who, by);
      return entry.visibility == null ? said.settingsNow(who, by) : said.visibilityNow(who, by, said.visibility[entry.visibility]);
    case "unsupported":
      return said.unsupported;
    default:
      return entry satisfies never;
  }
}

/** Names may run in the other direction; these marks keep their sentence in order. */
function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}
