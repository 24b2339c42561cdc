/** Which conversations are fetched next: one fetch per conversation at a time, a few together, the focused ones first. */

import { LIMITS, type ConversationId, type Fetch } from "../protocol/types.ts";
import type { Conversation, Direction } from "./conversation.ts";

/** Most unanswered fetches of one session. */
const TOGETHER = 4;
const ANSWER_WITHIN_S = 10;
/** How much of a conversation is brought before anybody opens it. */
const NEWEST_ENTRIES = 50;

interface Asked {
  readonly id: ConversationId;
  readonly direction: Direction;
  readonly at: number;
}

export class Fetches {
  readonly #conversation: (id: ConversationId) => Conversation;
  readonly #wanting = new Set<ConversationId>();
  readonly #inFlight = new Map<number, Asked>();
  readonly #fetching = new Set<ConversationId>();
  #notBefore = 0;
  focus: readonly ConversationId[] = [];

  constructor(conversation: (id: ConversationId) => Conversation) {
    this.#conversation = conversation;
  }

  /** Nothing is wanted and nothing on its way. */
  get idle(): boolean {
    return this.#wanting.size === 0 && this.#inFlight.size === 0;
  }

  /** Look at a conversation again after something changed in it. */
  consider(conversation: Conversation): void {
    if (conversation.fetchAt === null) this.#wanting.delete(conversation.id);
    else this.#wanting.add(conversation.id);
  }

  /** Return what may be fetched now; null: nothing. The caller notes it with `transmitted` before it asks on. */
  due(now: number): { readonly conversation: Conversation; readonly direction: Direction } | null {
    if (now < this.#notBefore || this.#inFlight.size >= TOGETHER) return null;
    const first = this.focus.filter((id) => this.#wanting.has(id));
    for (const id of [...first, ...this.#wanting]) {
      if (this.#fetching.has(id)) continue;
      const conversation = this.#conversation(id);
      const direction = conversation.wants(now);
      if (direction !== null) return { conversation, direction };
    }
    return null;
  }

  /** Note that this fetch is on its way, and return it. */
  transmitted(id: number, conversation: Conversation, direction: Direction, now: number): Fetch {
    this.#inFlight.set(id, { id: conversation.id, direction, at: now });
    this.#fetching.add(conversation.id);
    const range = direction === "after" ? { after: conversation.cursor ?? 0, limit: LIMITS.page_entries } : { limit: NEWEST_ENTRIES };
    return { type: "fetch", id, conversation_id: conversation.id, ...range };
  }

  /** Return what this frame id had asked; null: it was no fetch, or one given up. */
  answered(id: number): { readonly conversation: Conversation; readonly direction: Direction } | null {
    const found = this.#inFlight.get(id);
    if (found === undefined) return null;
    this.#inFlight.delete(id);
    this.#fetching.delete(found.id);
    return { conversation: this.#conversation(found.id), direction: found.direction };
  }

  /** Ask nothing before `until`: the server is over its rate. */
  pause(until: number): void {
    this.#notBefore = Math.max(this.#notBefore, until);
  }

  /** Give up what was not answered in time; it is asked again. */
  overdue(now: number): void {
    for (const [id, asked] of this.#inFlight) if (now >= asked.at + ANSWER_WITHIN_S) this.answered(id);
  }

  /** The conversation is no more. */
  forget(id: ConversationId): void {
    this.#wanting.delete(id);
  }

  /** Forget what was on its way. */
  disconnected(): void {
    this.#inFlight.clear();
    this.#fetching.clear();
    this.#notBefore = 0;
  }

  /** Return when `due` or `overdue` has something new; null: only after an answer or an event. */
  nextAt(): number | null {
    const times = [...this.#inFlight.values()].map((asked) => asked.at + ANSWER_WITHIN_S);
    if (this.#inFlight.size < TOGETHER) {
      for (const id of this.#wanting) {
        const conversation = this.#conversation(id);
        if (this.#fetching.has(id) || conversation.comparing) continue;
        times.push(Math.max(this.#notBefore, conversation.fetchAt ?? 0));
      }
    }
    return earliest(times);
  }
}

/** Return the first of these times; null: none. */
export function earliest(times: readonly (number | null)[]): number | null {
  let first: number | null = null;
  for (const time of times) if (time !== null && (first === null || time < first)) first = time;
  return first;
}
