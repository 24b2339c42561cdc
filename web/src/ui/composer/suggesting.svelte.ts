/** What is suggested while a word is written: people, groups and everybody after `@`, emoji after `:`, commands after `/`. */

import type { ConversationRow, Person, SlashRow, UserId } from "../../core/port.ts";
import type { Chat } from "../state/chat.svelte.ts";
import { mentionsIn } from "./mentions.ts";
import { commands } from "./slash.ts";
import { wordAt, type Word } from "./word.ts";

export interface Suggestion {
  readonly key: string;
  /** What stands for the word when it is chosen. */
  readonly text: string;
  readonly name: string;
  readonly kind: "person" | "group" | "everybody" | "emoji" | "command";
  /** Of a person: who. Of a group: how many. */
  readonly id: number;
  /** Of a command: what it does. */
  readonly hint?: string;
}

export interface Chosen {
  readonly text: string;
  readonly from: number;
}

const MOST = 8;
/** In conversations with more members the user says once more that everybody is to be notified. */
const MANY = 50;
const EVERYBODY = ["all", "here"];

export class Suggesting {
  found = $state.raw<readonly Suggestion[]>([]);
  at = $state(0);
  readonly #chat: Chat;
  readonly #conversation: () => ConversationRow;
  #word: Word | null = null;
  #members: readonly Person[] | null = null;
  #offered: readonly SlashRow[] | null = null;
  #asked = false;

  constructor(chat: Chat, conversation: () => ConversationRow) {
    this.#chat = chat;
    this.#conversation = conversation;
  }

  async look(text: string, caret: number): Promise<void> {
    const word = wordAt(text, caret);
    this.#word = word;
    if (word?.sign === "@") await this.#meet();
    const found = word === null ? [] : word.sign === "@" ? this.#people(word.text) : word.sign === ":" ? await emoji(word.text) : await this.#commands(word.text);
    if (this.#word !== word) return;
    this.found = found;
    this.at = 0;
  }

  stop(): void {
    this.#word = null;
    this.found = [];
  }

  /** What a key does here: null: nothing, it is the composer's. */
  key(key: string): Chosen | "moved" | null {
    const count = this.found.length;
    if (count === 0) return null;
    if (key === "ArrowDown" || key === "ArrowUp") {
      this.at = (this.at + (key === "ArrowDown" ? 1 : count - 1)) % count;
      return "moved";
    }
    if (key === "Escape") {
      this.stop();
      return "moved";
    }
    return key === "Enter" || key === "Tab" ? this.choose(this.at) : null;
  }

  choose(at: number): Chosen | null {
    const suggestion = this.found[at];
    if (suggestion === undefined || this.#word === null) return null;
    const from = this.#word.at;
    this.stop();
    return { text: `${suggestion.text} `, from };
  }

  /** Whom a text mentions, as far as it is known here who is in the conversation. */
  mentions(text: string): readonly UserId[] {
    return mentionsIn(text, this.#known(), this.#chat.groups);
  }

  needsWord(mentions: readonly UserId[]): boolean {
    return mentions.includes(0 as UserId) && this.#conversation().member_count > MANY;
  }

  /** Return the text with emoji in place of their names. */
  async emojified(text: string): Promise<string> {
    if (!/:[a-z0-9_+-]{2,}:/.test(text)) return text;
    try {
      const { emojified } = await import("../emoji/table.ts");
      return emojified(text);
    } catch {
      return text; // Without a network, and never loaded before: it is sent as it was typed.
    }
  }

  /** Ask once who is here; without an answer it is the people who are known. */
  async #meet(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    const members = await this.#chat.port.ask("members", { conversation_id: this.#conversation().conversation_id });
    if (members.ok) this.#members = members.value;
    this.#asked = members.ok;
  }

  /** Those that begin with this; the bots are asked once per conversation that is opened. */
  async #commands(text: string): Promise<readonly Suggestion[]> {
    this.#offered ??= await commands(this.#chat, this.#conversation());
    return this.#offered
      .filter(({ name }) => name.startsWith(text))
      .slice(0, MOST)
      .map(({ name, usage, description }): Suggestion => ({ key: `/${name}`, text: `/${name}`, name: usage === "" ? `/${name}` : usage, kind: "command", id: 0, hint: description }));
  }

  /** Who is here, by what the page calls him: he may have another name since it was asked. */
  #known(): readonly Person[] {
    const { people } = this.#chat;
    return this.#members?.map(({ user_id, name }) => ({ user_id, name: people.get(user_id) ?? name })) ?? [...people].map(([user_id, name]) => ({ user_id, name }));
  }

  #people(text: string): readonly Suggestion[] {
    const wanted = text.toLowerCase();
    const fits = (name: string) => name.toLowerCase().split(" ").some((_, at, all) => all.slice(at).join(" ").startsWith(wanted));
    const people = this.#known().filter(({ user_id, name }) => user_id !== this.#chat.self.user_id && fits(name));
    const all = this.#conversation().kind === "direct" ? [] : EVERYBODY.filter(fits);
    return [
      ...people.map(({ user_id, name }): Suggestion => ({ key: `u${user_id}`, text: `@${name}`, name, kind: "person", id: user_id })),
      ...this.#chat.groups.filter(({ name }) => fits(name)).map(({ name, user_ids }): Suggestion => ({ key: `g${name}`, text: `@${name}`, name, kind: "group", id: user_ids.length })),
      ...all.map((name): Suggestion => ({ key: name, text: `@${name}`, name, kind: "everybody", id: 0 })),
    ].slice(0, MOST);
  }
}

async function emoji(text: string): Promise<readonly Suggestion[]> {
  try {
    const { search } = await import("../emoji/table.ts");
    return search(text, MOST).map(({ emoji: sign, name }) => ({ key: name, text: sign, name: `:${name}:`, kind: "emoji", id: 0 }));
  } catch {
    return [];
  }
}
