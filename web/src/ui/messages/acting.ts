/** What the actions of a message do, in the main list and in a thread. */

import type { ConversationRow, MessageRow } from "../../core/port.ts";
import { words } from "../app/locale.ts";
import type { Chat } from "../state/chat.svelte.ts";
import type { Layer, MessageActs } from "./acts.ts";

/** The layer that is to be open, and the message it is about; null: it is about the conversation. */
export type Asked =
  | { readonly layer: Layer; readonly row: MessageRow }
  | { readonly layer: "pins" | "poll"; readonly row: null };

/** What a composer offers to the messages beside it. */
export interface Writing {
  focus(): void;
  replyTo(row: MessageRow): void;
  change(row: MessageRow): void;
  takeBack(body: string, target_seq: number | null): void;
}

const RANK = { guest: 0, member: 1, admin: 2, owner: 3 };

/** Return in words why nothing can be written in a conversation; "": it can. */
export function closedFor({ role, rules }: ConversationRow): string {
  if (role === null) return words.notMember;
  if (rules.archived) return words.archivedHere;
  // `member` lets guests write, too.
  return rules.post_role !== "member" && RANK[role] < RANK[rules.post_role] ? words.announcement : "";
}

function named({ conversation_id, client_id }: MessageRow) {
  return { conversation_id, client_id };
}

/** Return the acts on messages of the open conversation; null: its rows are those of a thread, and have none. */
export function actsOn(
  chat: Chat,
  composer: () => Writing | undefined,
  open: (asked: Asked) => void,
  thread: ((row: MessageRow) => void) | null,
): MessageActs {
  const discard = (row: MessageRow) => void chat.port.ask("discard", named(row));
  return {
    reply: (row) => composer()?.replyTo(row),
    retry: (row) => void chat.port.ask("retry", named(row)),
    discard,
    edit(row) {
      if (row.seq !== null) {
        composer()?.change(row);
        return;
      }
      composer()?.takeBack(row.body, row.target_seq);
      discard(row);
    },
    wish: (row, wish) => void chat.wish(row, wish),
    thread,
    open: (layer, row) => open({ layer, row }),
    tell: (words) => (chat.notice = words),
    get may() {
      const { role = null, kind, pin_role, rules } = chat.opened ?? {};
      const govern = role === "owner" || role === "admin";
      const pin = kind === "direct" || pin_role === "member" || role === "owner" || (role === "admin" && pin_role === "admin");
      return { write: role !== null && rules?.archived !== true, pin, govern };
    },
  };
}
