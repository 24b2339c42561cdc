/** Who types where, as far as this page is told, and telling that one types oneself. */

import { SvelteMap } from "svelte/reactivity";
import type { ConversationId, MessageRow, TypingTold, UserId } from "../../../core/port.ts";
import type { Chat } from "../../state/chat.svelte.ts";

/** Who is heard of no more is taken away. */
const SHOWN_MS = 6_000;
/** It is said at most once in this time. */
const EVERY_MS = 3_000;
/** Most who are kept; nobody is shown more names than a few. */
const MOST = 100;

interface Typist {
  readonly user_id: UserId;
  readonly conversation_id: ConversationId;
  readonly thread_seq: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class Typists {
  readonly #chat: Pick<Chat, "port" | "blocked" | "self">;
  readonly #known = new SvelteMap<string, Typist>();
  /** When it was said last, by place. */
  readonly #said = new Map<string, number>();

  constructor(chat: Pick<Chat, "port" | "blocked" | "self">) {
    this.#chat = chat;
  }

  /** Who types there: neither this user nor whom he has blocked. */
  at(conversation_id: ConversationId, thread_seq: number): readonly UserId[] {
    return [...this.#known.values()].flatMap((one) =>
      one.conversation_id === conversation_id && one.thread_seq === thread_seq && !this.#chat.blocked.has(one.user_id) ? [one.user_id] : [],
    );
  }

  /** This user types there, or (`on` false) no more. */
  type(conversation_id: ConversationId, thread_seq: number, on: boolean): void {
    const key = `${conversation_id} ${thread_seq}`;
    const now = Date.now();
    const at = this.#said.get(key);
    if (on ? at !== undefined && now - at < EVERY_MS : at === undefined) return;
    if (on) this.#said.set(key, now);
    else this.#said.delete(key);
    void this.#chat.port.ask("typing", { conversation_id, thread_seq, on });
  }

  told({ conversation_id, user_id, on, thread_seq }: TypingTold): void {
    if (user_id === this.#chat.self.user_id) return;
    const place = { user_id, conversation_id, thread_seq: thread_seq ?? 0 };
    const key = this.#end(place);
    if (!on || this.#known.size >= MOST) return;
    this.#known.set(key, { ...place, timer: setTimeout(() => this.#known.delete(key), SHOWN_MS) });
  }

  /** Who has said it types it no more. */
  said({ conversation_id, sender_id, thread_seq = 0 }: MessageRow): void {
    this.#end({ user_id: sender_id, conversation_id, thread_seq });
  }

  #end({ user_id, conversation_id, thread_seq }: Omit<Typist, "timer">): string {
    const key = `${conversation_id} ${thread_seq} ${user_id}`;
    clearTimeout(this.#known.get(key)?.timer);
    this.#known.delete(key);
    return key;
  }
}
