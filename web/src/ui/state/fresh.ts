/**
 * Asks again what the log does not tell (whom one has blocked on another device, which groups there are, what people
 * are called now), so that a page that stays open does not show it as it was when it was loaded.
 */

import type { Chat } from "./chat.svelte.ts";

/** When somebody comes back to the page or opens a conversation, it is asked again at most so often. */
const TURNED_MS = 60_000;
/** Of who stays with what he sees, at most so often. */
const STAYED_MS = 300_000;

export class Fresh {
  readonly #chat: Pick<Chat, "link" | "learn">;
  readonly #isSeen: () => boolean;
  /** The page has just been loaded, and asks by itself. */
  #askedAt = Date.now();

  /** `isSeen`: somebody is at the page. */
  constructor(chat: Pick<Chat, "link" | "learn">, isSeen: () => boolean) {
    this.#chat = chat;
    this.#isSeen = isSeen;
  }

  /** Somebody came back, or turned to another conversation, or the line is back. */
  turned(): void {
    this.#olderThan(TURNED_MS);
  }

  /** Time went by. */
  stayed(): void {
    this.#olderThan(STAYED_MS);
  }

  #olderThan(ms: number): void {
    const now = Date.now();
    if (now - this.#askedAt < ms || this.#chat.link !== "live" || !this.#isSeen()) return;
    this.#askedAt = now;
    void this.#chat.learn();
  }
}
