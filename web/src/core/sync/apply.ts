/** The link's durable actions to the one batch that is written for them; pure. */

import type { Durable } from "../link/actions.ts";
import type { ConversationId, Row, Session } from "../port.ts";
import type { ConversationRecord, Batch, Meta, OutboxRecord, Settled } from "../store/schema.ts";
import { lex } from "../text/lex.ts";
import { folded, unknownConversation } from "./fold.ts";
import { keyOf, rowOf } from "./rows.ts";

/** What is stored so far, as far as a batch depends on it. */
export interface Known {
  readonly session: Session;
  readonly conversations: ReadonlyMap<ConversationId, ConversationRecord>;
  readonly outbox: ReadonlyMap<string, OutboxRecord>;
}

/** Return the batch; null: nothing changes. `now` is in ms since 1970, for commands that are kept. */
export function batchOf(actions: readonly Durable[], known: Known, now: number): Batch | null {
  if (actions.length === 0) return null;
  const writing = new Writing(known, now);
  for (const action of actions) writing.take(action);
  return writing.batch();
}

class Writing {
  readonly #known: Known;
  readonly #now: number;
  readonly #conversations = new Map<ConversationId, ConversationRecord>();
  readonly #outbox = new Map<string, OutboxRecord>();
  readonly #settled = new Map<string, Settled>();
  readonly #rows: Row[] = [];
  readonly #cut: (readonly [ConversationId, number])[] = [];
  #meta: Partial<Meta> | null = null;

  constructor(known: Known, now: number) {
    this.#known = known;
    this.#now = now;
  }

  take(action: Durable): void {
    switch (action.type) {
      case "keep":
        this.#keep(action);
        break;
      case "acked":
        this.#acked(action);
        break;
      case "settled":
        this.#held(action.client_id);
        break;
      case "failed":
        this.#failed(action);
        break;
      case "apply":
        this.#rows.push(...action.entries.map(rowOf));
        this.#heldOfOthers(action);
        this.#conversations.set(
          action.conversation_id,
          folded(this.#conversation(action.conversation_id), action.entries, action.position, this.#known.session.user_id),
        );
        break;
      case "truncate":
        this.#cut.push([action.conversation_id, action.after]);
        this.#conversations.set(action.conversation_id, { ...this.#conversation(action.conversation_id), position: action.position, last: null });
        break;
      case "save_token":
        this.#meta = { epoch: action.epoch, token: action.token };
        break;
      default:
        action satisfies never;
    }
  }

  batch(): Batch {
    return {
      ...(this.#meta !== null && { meta: this.#meta }),
      ...(this.#conversations.size > 0 && { conversations: [...this.#conversations.values()] }),
      ...(this.#cut.length > 0 && { cut: this.#cut }),
      ...(this.#rows.length > 0 && { rows: this.#rows }),
      ...(this.#outbox.size > 0 && { outbox: [...this.#outbox.values()] }),
      ...(this.#settled.size > 0 && { settled: [...this.#settled.values()] }),
    };
  }

  #conversation(id: ConversationId): ConversationRecord {
    return this.#conversations.get(id) ?? this.#known.conversations.get(id) ?? unknownConversation(id);
  }

  #record(client_id: string): OutboxRecord | undefined {
    return this.#outbox.get(client_id) ?? this.#known.outbox.get(client_id);
  }

  #keep({ command }: Extract<Durable, { type: "keep" }>): void {
    const record = this.#record(command.client_id);
    // The tab that wished it has written it already; one that was acked by a log which lost it waits again.
    if (record?.state === "queued") return;
    const kept = record ?? outboxRecord(command, this.#known.session, this.#now);
    this.#outbox.set(command.client_id, { ...kept, state: "queued", seq: null, error: null });
  }

  #acked({ client_id, conversation_id, seq, awaits_entry }: Extract<Durable, { type: "acked" }>): void {
    const record = this.#record(client_id);
    if (record === undefined) return;
    if (awaits_entry && record.command.type === "send") this.#outbox.set(client_id, { ...record, state: "sent", seq });
    else this.#settle(record, { type: "stored", conversation_id, seq });
  }

  /** A sent message leaves the outbox with the transaction that stores its entry (or passes its place). */
  #held(client_id: string): void {
    const record = this.#record(client_id);
    if (record === undefined || record.command.type === "create") return;
    const { conversation_id } = record.command;
    this.#settle(record, { type: "stored", conversation_id, seq: record.seq ?? 0 });
  }

  /** What another sign-in has left (outbox/foreign.ts) is none of the link's: it leaves the outbox when its entry comes. */
  #heldOfOthers({ conversation_id, entries, position }: Extract<Durable, { type: "apply" }>): void {
    const came = new Map(entries.map(({ device_id, client_id, seq }) => [keyOf(device_id, client_id), seq]));
    for (const record of this.#known.outbox.values()) {
      if (record.device_id === this.#known.session.device_id || record.conversation_id !== conversation_id) continue;
      const passed = record.seq !== null && record.seq <= (position.cursor ?? 0) ? record.seq : undefined;
      const seq = came.get(keyOf(record.device_id, record.client_id)) ?? passed;
      if (seq !== undefined) this.#settle(record, { type: "stored", conversation_id, seq });
    }
  }

  #failed({ client_id, error }: Extract<Durable, { type: "failed" }>): void {
    const record = this.#record(client_id);
    if (record === undefined) return;
    if (record.command.type === "send") this.#outbox.set(client_id, { ...record, state: "failed", error });
    else this.#settle(record, { type: "refused", error });
  }

  #settle(record: OutboxRecord, outcome: Settled["outcome"]): void {
    this.#outbox.delete(record.client_id);
    this.#settled.set(record.client_id, settledOf(record, outcome));
  }
}

/** Return what the outbox keeps of a command that is new. */
export function outboxRecord(command: OutboxRecord["command"], session: Session, now: number): OutboxRecord {
  return {
    conversation_id: command.type === "create" ? 0 : command.conversation_id,
    client_id: command.client_id,
    device_id: session.device_id,
    command,
    state: "queued",
    seq: null,
    error: null,
    created_at: now,
    tokens: command.type === "send" ? lex(command.body) : [],
  };
}

export function settledOf(record: OutboxRecord, outcome: Settled["outcome"]): Settled {
  const { conversation_id, client_id } = record;
  return { conversation_id, client_id, key: keyOf(record.device_id, client_id), outcome };
}
