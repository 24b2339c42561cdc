/** Brings what entries do not say: the names of people, and of conversations what their list shows. */

import type { Http } from "../http.ts";
import type { Mirror } from "../mirror.ts";
import type { ConversationId, Person, UserId } from "../port.ts";
import type { Conversation, User } from "../protocol/types.ts";
import type { Batch } from "../store/schema.ts";
import { detailed, unknownConversation } from "./fold.ts";

/** Changes of one moment are asked for together. */
const TOGETHER_MS = 30;
const AGAIN_MS = 3_000;
/** So many conversations are asked for one by one; more by walking the list. */
const SINGLY = 4;
const LIST_PAGE = 200;
const PEOPLE_PAGE = 100;

export class Details {
  readonly #http: Http;
  readonly #mirror: Mirror;
  readonly #commit: (make: () => Batch) => Promise<void>;
  readonly #conversations = new Set<ConversationId>();
  readonly #people = new Set<UserId>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;

  constructor(http: Http, mirror: Mirror, commit: (make: () => Batch) => Promise<void>) {
    this.#http = http;
    this.#mirror = mirror;
    this.#commit = commit;
  }

  /** Look through everything that is stored. */
  start(): void {
    this.changed({ conversations: [...this.#mirror.conversations.values()] });
  }

  /** Note what this change leaves to be asked. */
  changed(batch: Batch): void {
    for (const { conversation_id, details_head, position, rules } of batch.conversations ?? []) {
      // Of a conversation that nothing is held of no entry will tell what changed.
      if (details_head < 0 || rules === undefined || (position.cursor === null && position.head > details_head)) this.#conversations.add(conversation_id);
    }
    for (const row of batch.rows ?? []) {
      this.#person(row.sender_id);
      if (row.kind !== "line" || row.entry.kind === "unsupported") continue;
      if ("user_id" in row.entry) this.#person(row.entry.user_id);
      if ("user_ids" in row.entry) row.entry.user_ids?.slice(0, PEOPLE_PAGE).forEach((id) => this.#person(id));
      if ("members" in row.entry) row.entry.members.slice(0, PEOPLE_PAGE).forEach((id) => this.#person(id));
    }
    for (const { last } of batch.conversations ?? []) if (last !== null) this.#person(last.sender_id);
    this.#soon(TOGETHER_MS);
  }

  #person(id: UserId): void {
    if (!this.#mirror.people.has(id)) this.#people.add(id);
  }

  #soon(ms: number): void {
    if (this.#timer !== undefined || this.#asking || (this.#conversations.size === 0 && this.#people.size === 0)) return;
    this.#timer = setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    this.#timer = undefined;
    this.#asking = true;
    const isDone = (await this.#askConversations()) && (await this.#askPeople());
    this.#asking = false;
    // Without a network the next session starts over; a refusal for too many asks is tried again.
    this.#soon(isDone ? TOGETHER_MS : AGAIN_MS);
  }

  async #askConversations(): Promise<boolean> {
    if (this.#conversations.size > SINGLY && !(await this.#walkList())) return false;
    for (const id of this.#conversations) {
      const answer = await this.#http.conversation(id);
      // Before it is stored: an answer that is older than what is held is asked for again by that.
      this.#conversations.delete(id);
      if (answer.ok) await this.#store([answer.value]);
      else if (answer.error.code === "not_found") await this.#commit(() => ({ gone: [id] }));
      else {
        this.#conversations.add(id);
        return answer.error.code === "offline" && this.#forget();
      }
    }
    return true;
  }

  /** Ask for pages of the list until all that is wanted has come, or its end. */
  async #walkList(): Promise<boolean> {
    let cursor: string | null = null;
    do {
      const answer = await this.#http.conversations(cursor, LIST_PAGE);
      if (!answer.ok) return answer.error.code === "offline" && this.#forget();
      for (const { conversation_id } of answer.value.conversations) this.#conversations.delete(conversation_id);
      await this.#store(answer.value.conversations);
      cursor = answer.value.cursor ?? null;
    } while (cursor !== null && this.#conversations.size > 0);
    return true;
  }

  async #store(found: readonly Conversation[]): Promise<void> {
    const people = found.flatMap(({ other }) => (other == null ? [] : [person(other)]));
    await this.#commit(() => ({
      conversations: found.map((one) =>
        detailed(this.#mirror.conversations.get(one.conversation_id) ?? unknownConversation(one.conversation_id), one),
      ),
      people,
    }));
  }

  async #askPeople(): Promise<boolean> {
    while (this.#people.size > 0) {
      const ids = [...this.#people].slice(0, PEOPLE_PAGE);
      const answer = await this.#http.usersById(ids);
      if (!answer.ok) return answer.error.code === "offline" && this.#forget();
      for (const id of ids) this.#people.delete(id);
      const people = answer.value.users.map(person);
      await this.#commit(() => ({ people }));
    }
    return true;
  }

  /** Offline: what is missing is found again when the link is live. */
  #forget(): true {
    this.#conversations.clear();
    this.#people.clear();
    return true;
  }
}

function person({ user_id, name, bot = false }: User): Person {
  return bot ? { user_id, name, bot } : { user_id, name };
}
