/** What one may do with a message, for its menu: in words, with what is grave at the end. */

import { later } from "../../../locales/en/later.ts";
import { signals } from "../../../locales/en/signals.ts";
import { places } from "../../../locales/en/places.ts";
import type { Choice } from "../../kit/Menu.svelte";
import type { Chat } from "../../state/chat.svelte.ts";
import type { Shown } from "../../state/overlay.ts";
import { linkTo } from "../../app/routes.ts";
import { errorWords } from "../../app/locale.ts";
import { isEditable, type MessageActs } from "../acts.ts";

/** In larger conversations it is not told who has read. */
const MARKS_MEMBERS = 50;

/** Return the choices for a stored message that is not deleted. */
export function choices(chat: Chat, row: Shown, acts: MessageActs): readonly Choice[] {
  const { may } = acts;
  const own = row.sender_id === chat.self.user_id;
  const place = { conversation_id: row.conversation_id, seq: row.seq ?? 0 };
  const thread = acts.thread;
  const pinned = row.pinned_seq != null;
  return [
    ...(may.write ? [{ label: later.reply, act: () => acts.reply(row) }] : []),
    ...(thread !== null && row.thread_seq === undefined ? [{ label: later.replyInThread, act: () => thread(row) }] : []),
    ...(may.write && isEditable(row, chat.self.user_id) ? [{ label: later.editMessage, act: () => acts.edit(row) }] : []),
    { label: later.copyText, act: () => void navigator.clipboard.writeText(row.body) },
    {
      label: later.copyLink,
      act: () => void navigator.clipboard.writeText(linkTo(place.conversation_id, place.seq)).then(() => acts.tell(later.linkCopied)),
    },
    ...(may.write && may.pin
      ? [{ label: pinned ? later.unpin : later.pin, act: () => acts.wish(row, { type: pinned ? "unpin" : "pin" }) }]
      : []),
    ...(row.poll === undefined ? [{ label: later.forward, act: () => acts.open("forward", row) }] : []),
    { label: later.saveMessage, act: () => void told(acts, chat.port.ask("save_message", place), later.saved) },
    { label: later.remind, act: () => acts.open("remind", row) },
    { label: later.markUnread, act: () => void told(acts, chat.port.ask("set_mine", { conversation_id: place.conversation_id, marked_unread: true }), later.marked) },
    ...(own && thread !== null && chat.opened?.kind !== "direct" && (chat.opened?.member_count ?? 0) <= MARKS_MEMBERS
      ? [{ label: signals.whoRead, act: () => acts.open("readers", row) }]
      : []),
    ...((row.reactions?.length ?? 0) > 0 ? [{ label: later.whoReacted, act: () => acts.open("reactors", row) }] : []),
    ...(row.edited_seq != null ? [{ label: later.history, act: () => acts.open("versions", row) }] : []),
    ...(own ? [] : [{ label: places.report, act: () => acts.open("report", row) }]),
    ...(may.write && (own || may.govern) ? [{ label: later.deleteMessage, danger: true, act: () => acts.open("delete", row) }] : []),
  ];
}

async function told(acts: MessageActs, asked: ReturnType<Chat["port"]["ask"]>, done: string): Promise<void> {
  const answer = await asked;
  acts.tell(answer.ok ? done : errorWords(answer.error));
}
