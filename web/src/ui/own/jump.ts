/** The way from a list of one's own to the message, in the main timeline or in its thread. */

import type { ConversationId, MessageRow } from "../../core/port.ts";
import { goToMessage, pathOf } from "../app/routes.ts";
import type { Chat } from "../state/chat.svelte.ts";

interface Place {
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly row: MessageRow | null;
}

export async function jump(chat: Chat, { conversation_id, seq, row }: Place): Promise<void> {
  if (row?.thread_seq !== undefined && row.broadcast !== true) await toThread(chat, conversation_id, row.thread_seq);
  else goToMessage(conversation_id, seq);
}

/** Open the conversation at the root, and the thread beside it. */
export async function toThread(chat: Chat, conversation_id: ConversationId, root: number): Promise<void> {
  history.pushState(null, "", pathOf(conversation_id));
  await chat.open(conversation_id, { type: "seq", seq: root, offset: "centre" });
  await chat.openThread(root);
}
