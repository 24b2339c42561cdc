/** Keeps a draft at every key: at once in this browser, and on disk as fast as the disk takes it. */

import type { ConversationId, Draft } from "../../core/port.ts";
import { keepDraft } from "../../page/tab.ts";
import type { Chat } from "../state/chat.svelte.ts";

export class DraftKeeper {
  readonly #chat: Chat;
  readonly #conversation_id: ConversationId;
  readonly #thread_seq: number;
  #newest: { readonly draft: Draft | null } | null = null;
  #saving = false;

  constructor(chat: Chat, conversation_id: ConversationId, thread_seq: number) {
    this.#chat = chat;
    this.#conversation_id = conversation_id;
    this.#thread_seq = thread_seq;
  }

  keep(draft: Draft | null): void {
    keepDraft(this.#chat.self.user_id, this.#conversation_id, this.#thread_seq, draft);
    this.#newest = { draft };
    if (!this.#saving) void this.#save();
  }

  /** It is being sent: the disk forgets it with the same write. */
  sending(): void {
    this.#newest = null;
  }

  /** It was sent, and nothing has been written since. */
  sent(): void {
    keepDraft(this.#chat.self.user_id, this.#conversation_id, this.#thread_seq, null);
  }

  /** One write to disk at a time, then the newest text: keys that come faster than the disk do not queue up. */
  async #save(): Promise<void> {
    this.#saving = true;
    while (this.#newest !== null) {
      const { draft } = this.#newest;
      this.#newest = null;
      await this.#chat.port.ask("save_draft", { conversation_id: this.#conversation_id, thread_seq: this.#thread_seq, draft });
    }
    this.#saving = false;
  }
}
