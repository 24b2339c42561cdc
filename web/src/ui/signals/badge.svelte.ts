/** How much is unread, outside the page's own window: in its title, its icon and, where it is installed, on its icon there. */

import { words } from "../app/locale.ts";
import type { Chat } from "../state/chat.svelte.ts";
import { marksOf } from "./marks.ts";

interface Badging {
  setAppBadge?(count: number): Promise<void>;
  clearAppBadge?(): Promise<void>;
}

export class Badge {
  readonly #chat: Chat;
  readonly #icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");

  constructor(chat: Chat) {
    this.#chat = chat;
  }

  show(): void {
    const loud = this.#chat.conversations.filter(({ mine }) => mine.muted_until <= Date.now());
    const count = loud.reduce((sum, row) => sum + row.unread + marksOf(row).replies, 0);
    document.title = count > 0 ? `(${count}) ${words.product}` : words.product;
    this.#icon?.setAttribute("href", count > 0 ? "/icon-unread.svg" : "/icon.svg");
    const { setAppBadge, clearAppBadge } = navigator as Badging;
    // Refused outside an installed page, where there is no such icon.
    void (count > 0 ? setAppBadge?.call(navigator, count) : clearAppBadge?.call(navigator))?.catch(() => undefined);
  }
}
