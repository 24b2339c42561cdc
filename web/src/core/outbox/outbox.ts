/** Client rules 1 and 8: commands wait here from before their first transmission until they are answered for good. */

import type { Kept, OutboxCommand } from "../link/actions.ts";
import { earliest } from "../link/fetches.ts";
import type { ConversationId } from "../protocol/types.ts";

/** Most unanswered commands, and so most conversations in which something is on its way. */
const WINDOW = 8;
/** Without an answer for this long a command is transmitted again, with the same key. */
const ANSWER_WITHIN_S = 10;
const FIRST_RETRY_S = 0.25;
const MOST_RETRY_S = 15;

/** One command that is not answered for good. */
export interface Item {
  readonly command: OutboxCommand;
  attempts: number;
  /** Of the transmission that waits for its answer; null: none does. */
  frame: number | null;
  sentAt: number;
  /** Not transmitted before this time. */
  notBefore: number;
}

/** Commands leave one by one per conversation, in the order of their keys' making; `create` has a lane of its own. */
export class Outbox {
  /** Acked, but their entries are not held yet. */
  readonly #awaited = new Map<string, Kept>();
  readonly #items = new Map<string, Item>();
  readonly #lanes = new Map<ConversationId | null, Item[]>();
  readonly #inFlight = new Map<number, Item>();

  constructor(kept: Iterable<Kept>) {
    for (const row of kept) {
      if (row.seq === null) this.keep(row.command);
      else this.#awaited.set(row.command.client_id, row);
    }
  }

  has(client_id: string): boolean {
    return this.#items.has(client_id);
  }

  *[Symbol.iterator](): Iterator<Item> {
    yield* this.#items.values();
  }

  /** Add a command at the end of its lane; one with a known `client_id` changes nothing. */
  keep(command: OutboxCommand): void {
    if (this.#items.has(command.client_id)) return;
    const item: Item = { command, attempts: 0, frame: null, sentAt: 0, notBefore: 0 };
    this.#items.set(command.client_id, item);
    const lane = this.#lanes.get(laneOf(command));
    if (lane === undefined) this.#lanes.set(laneOf(command), [item]);
    else lane.push(item);
  }

  /** Return what may be transmitted now: the first of a lane; null: nothing. The caller notes it with `transmitted`. */
  due(now: number): Item | null {
    if (this.#inFlight.size >= WINDOW) return null;
    for (const [first] of this.#lanes.values()) {
      if (first !== undefined && first.frame === null && now >= first.notBefore) return first;
    }
    return null;
  }

  /** Note that the item is on its way under this frame id. */
  transmitted(item: Item, frame: number, now: number): void {
    item.frame = frame;
    item.sentAt = now;
    item.attempts += 1;
    this.#inFlight.set(frame, item);
  }

  /** Return the item that this frame id answers. */
  ofFrame(frame: number): Item | null {
    return this.#inFlight.get(frame) ?? null;
  }

  /** Take the command out: it is stored, refused for good or withdrawn. Null: it is not here (any more). */
  settle(client_id: string): Item | null {
    const item = this.#items.get(client_id);
    if (item === undefined) return null;
    this.#items.delete(client_id);
    this.#land(item);
    const lane = this.#lanes.get(laneOf(item.command)) ?? [];
    const left = lane.filter((other) => other !== item);
    if (left.length === 0) this.#lanes.delete(laneOf(item.command));
    else this.#lanes.set(laneOf(item.command), left);
    return item;
  }

  /** Remember an acked command until its entry is held. */
  awaitEntry({ command }: Item, seq: number): void {
    this.#awaited.set(command.client_id, { command, seq });
  }

  /** Forget the acked commands of a conversation whose entries are held, and return their keys. */
  passed(id: ConversationId, cursor: number): readonly string[] {
    const held = [...this.#awaited].filter(([, { command, seq }]) => laneOf(command) === id && seq !== null && seq <= cursor);
    for (const [client_id] of held) this.#awaited.delete(client_id);
    return held.map(([client_id]) => client_id);
  }

  /** Return, and take back as unanswered, the acked commands whose entries were never held. */
  doubt(): readonly OutboxCommand[] {
    const doubted = [...this.#awaited.values()].map(({ command }) => command);
    this.#awaited.clear();
    for (const command of doubted) this.keep(command);
    return doubted;
  }

  /** Try the same key again later: when the server said, else with a doubling wait. */
  postpone(item: Item, now: number, retryAfterMs: number | null): void {
    this.#land(item);
    const own = Math.min(MOST_RETRY_S, FIRST_RETRY_S * 2 ** Math.min(item.attempts - 1, 10));
    item.notBefore = now + (retryAfterMs === null ? own : retryAfterMs / 1_000);
  }

  /** Make ready again what was not answered in time; the key makes a second transmission harmless. */
  overdue(now: number): void {
    for (const item of this.#inFlight.values()) if (now >= item.sentAt + ANSWER_WITHIN_S) this.#land(item);
  }

  /** Forget what was on its way: all of it is transmitted again, in order, on the next connection. */
  disconnected(): void {
    this.#inFlight.clear();
    for (const item of this.#items.values()) {
      item.frame = null;
      item.notBefore = 0;
    }
  }

  /** Return when `due` or `overdue` has something new; null: only after an answer. */
  nextAt(): number | null {
    const times: number[] = [...this.#inFlight.values()].map((item) => item.sentAt + ANSWER_WITHIN_S);
    if (this.#inFlight.size < WINDOW) {
      for (const [first] of this.#lanes.values()) if (first !== undefined && first.frame === null) times.push(first.notBefore);
    }
    return earliest(times);
  }

  #land(item: Item): void {
    if (item.frame === null) return;
    this.#inFlight.delete(item.frame);
    item.frame = null;
  }
}

/** Return the conversation within which a command keeps its place; `create` has none, and a lane of its own. */
export function laneOf(command: OutboxCommand): ConversationId | null {
  return command.type === "create" ? null : command.conversation_id;
}
