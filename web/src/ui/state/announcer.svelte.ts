/** What the hidden log says to a screen reader: new messages of the open conversation, at most once in two seconds. */

import { words } from "../app/locale.ts";

const PAUSE_MS = 2_000;
const KEPT = 3;

export class Announcer {
  lines = $state.raw<readonly { readonly id: number; readonly text: string }[]>([]);
  #waiting: string[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #last = 0;

  say(who: string, text: string): void {
    this.#waiting.push(words.announce(who, text.slice(0, 300)));
    if (this.#timer === null) this.#speak();
  }

  #speak(): void {
    this.#timer = null;
    if (this.#waiting.length === 0) return;
    const [only] = this.#waiting;
    const text = this.#waiting.length === 1 && only !== undefined ? only : words.announceMany(this.#waiting.length);
    this.#waiting = [];
    this.#last += 1;
    this.lines = [...this.lines.slice(1 - KEPT), { id: this.#last, text }];
    this.#timer = setTimeout(() => this.#speak(), PAUSE_MS);
  }
}
