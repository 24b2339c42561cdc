/**
 * The leader's part in what tells of a moment: keeps what screens were told last, says who types, and how far this
 * device has come.
 */

import type {
  ConversationId, HeadRow, PresenceRow, PresenceTold, Received, ServerFrame, Typing, UserId,
} from "../protocol/types.ts";
import type { Signal } from "./types.ts";

/** At most so often the server is told how far this device has come. */
const RECEIVED_EVERY_MS = 2_000;
/** Of larger conversations the server keeps no such marks. */
const MARKS_MEMBERS = 50;
/** Most conversations that one frame names. */
const MOST = 200;

/** What a tab has the leader do. */
export type SignalAsk =
  | { readonly type: "known"; readonly user_ids: readonly UserId[]; readonly conversation_ids: readonly ConversationId[] }
  | { readonly type: "typing"; readonly conversation_id: ConversationId; readonly thread_seq: number; readonly on: boolean };

export interface SignalEvents {
  /** Whether there is a session, and what is held here is known to stand in the server's log. */
  live(): boolean;
  /** Transmit a frame that has no answer; without a session it is dropped. */
  say(frame: Typing | Received): void;
  /** Tell every tab. */
  tell(signal: Signal): void;
  /** Up to which seq this device has come; 0: nowhere. */
  held(id: ConversationId): number;
  /** 0: not known yet. */
  members(id: ConversationId): number;
}

export class Signals {
  readonly #events: SignalEvents;
  readonly #people = new Map<UserId, PresenceRow>();
  readonly #counts = new Map<ConversationId, number>();
  /** What the server has, by conversation: only what is above is said. */
  readonly #delivered = new Map<ConversationId, number>();
  readonly #behind = new Set<ConversationId>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(events: SignalEvents) {
    this.#events = events;
  }

  /** Take a frame from the server, whatever it is; the rest of the leader takes it too. */
  frame(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.#people.clear();
        this.#counts.clear();
        this.#heads(frame.heads);
        break;
      case "heads":
        this.#heads(frame.rows);
        break;
      case "pong":
        this.#heads(frame.heads);
        break;
      case "presence":
        for (const row of frame.rows ?? []) this.#people.set(row[0], row);
        for (const [id, count] of Object.entries(frame.counts ?? {})) this.#counts.set(Number(id) as ConversationId, count);
        this.#events.tell(frame);
        break;
      case "typing":
      case "watermarks":
        this.#events.tell(frame);
        break;
      case "self":
        if (frame.what.change === "presence") this.#events.tell({ type: "self", what: frame.what });
        break;
      default:
    }
  }

  /** The screens show these people now: of others the server tells nothing more. */
  looked(user_ids: readonly UserId[]): void {
    const seen = new Set(user_ids);
    for (const id of this.#people.keys()) if (!seen.has(id)) this.#people.delete(id);
  }

  /** Rows of these conversations were stored. */
  stored(ids: Iterable<ConversationId>): void {
    for (const id of ids) this.#behind.add(id);
    this.#soon();
  }

  /** Answer a tab. */
  take(ask: SignalAsk): PresenceTold | Record<never, never> {
    if (ask.type === "typing") {
      const { conversation_id, thread_seq, on } = ask;
      this.#events.say({ type: "typing", conversation_id, ...(thread_seq > 0 && { thread_seq }), on });
      return {};
    }
    const rows = ask.user_ids.flatMap((id) => [this.#people.get(id) ?? []].filter((row): row is PresenceRow => row.length > 0));
    const counts = Object.fromEntries(ask.conversation_ids.flatMap((id) => (this.#counts.has(id) ? [[id, this.#counts.get(id)]] : [])));
    return { type: "presence", rows, counts };
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #heads(rows: readonly HeadRow[]): void {
    for (const [id, , , delivered] of rows) {
      this.#delivered.set(id, delivered);
      if (delivered < this.#events.held(id)) this.#behind.add(id);
    }
    if (this.#behind.size > 0) this.#soon();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.#say(), RECEIVED_EVERY_MS);
  }

  #say(): void {
    this.#timer = undefined;
    if (!this.#events.live()) return this.#soon();
    const seqs: Record<ConversationId, number> = {};
    for (const id of [...this.#behind].slice(0, MOST)) {
      this.#behind.delete(id);
      const held = this.#events.held(id);
      if (held <= (this.#delivered.get(id) ?? 0) || this.#events.members(id) > MARKS_MEMBERS) continue;
      this.#delivered.set(id, held);
      seqs[id] = held;
    }
    if (Object.keys(seqs).length > 0) this.#events.say({ type: "received", seqs });
    if (this.#behind.size > 0) this.#soon();
  }
}
