/** What this browser keeps of one account: the records, the one way to write them, and what a store promises. */

import type { OutboxCommand, Position, ThreadMarks } from "../link/actions.ts";
import type { StoredChange } from "../protocol/types.ts";
import type {
  ChangeRow, ConversationId, ConversationKind, Draft, LeastRole, MessageRow, Mine, Person, Refusal, Role, Row, Rules, Session, Token, Visibility,
} from "../port.ts";

/** A conversation on this device. */
export interface ConversationRecord {
  readonly conversation_id: ConversationId;
  readonly position: Position;
  /** The head at which the fields below were last read from the server; -1: never, they are not known yet. */
  readonly details_head: number;
  readonly kind: ConversationKind;
  readonly visibility: Visibility;
  readonly title: string | null;
  readonly topic: string | null;
  readonly other: Person | null;
  readonly role: Role | null;
  readonly member_count: number;
  readonly pin_role: LeastRole;
  /** Absent: stored by a version that knew no rules; they are read again. */
  readonly rules?: Rules;
  readonly roster_version: number;
  /** The last change of settings that is in it; what was read from the server before says less. */
  readonly settings_seq?: number;
  readonly last_message_at: number | null;
  /** By root: threads that this user follows, or has followed. */
  readonly threads?: Readonly<Record<number, ThreadMarks>>;
  /** What the flags of its position do not say; absent: as it is by itself. */
  readonly mine?: Pick<Mine, "level" | "muted_until">;
  /** Without text: it was deleted. */
  readonly last: { readonly seq: number; readonly sender_id: Person["user_id"]; readonly text: string } | null;
}

/** A command of one's own from before its first transmission until its entry is stored; `create` has conversation 0. */
export interface OutboxRecord {
  readonly conversation_id: number;
  readonly client_id: string;
  readonly device_id: Session["device_id"];
  readonly command: OutboxCommand;
  /** `sent`: it is entry `seq`, which is not stored here yet. */
  readonly state: "queued" | "sent" | "failed";
  readonly seq: number | null;
  readonly error: Refusal | null;
  readonly created_at: number;
  readonly tokens: readonly Token[];
}

/** How a command ended, told with its removal from the outbox. */
export type Outcome =
  | { readonly type: "stored"; readonly conversation_id: ConversationId; readonly seq: number }
  | { readonly type: "refused"; readonly error: Refusal }
  | { readonly type: "discarded" };

export interface Settled {
  readonly conversation_id: number;
  readonly client_id: string;
  readonly key: string;
  readonly outcome: Outcome;
}

export interface Meta {
  readonly epoch: string | null;
  readonly token: string | null;
  readonly self: Session | null;
}

export const NO_META: Meta = { epoch: null, token: null, self: null };

/** Rows of a conversation, both ends included, that are let go for want of space. */
export type Evicted = readonly [conversation_id: ConversationId, low: number, high: number];

/** One change, written in one transaction and then told to every tab. */
export interface Batch {
  readonly meta?: Partial<Meta>;
  readonly conversations?: readonly ConversationRecord[];
  /** Conversations this user may not know any more: everything of them goes. */
  readonly gone?: readonly ConversationId[];
  /** Rows that are stored now for the first time, or again: `seq` is never null. */
  readonly rows?: readonly Row[];
  /** Rows that are stored already, as later entries have made them. */
  readonly changed?: readonly Row[];
  /** Rows above this seq go: the server's log is another one from there. */
  readonly cut?: readonly (readonly [ConversationId, number])[];
  /** Rows that go though the log has them; `conversations` holds the holes that they leave. */
  readonly evicted?: readonly Evicted[];
  /** The same, of rows that may have been changed by entries which are not held. */
  readonly stale?: readonly Evicted[];
  readonly people?: readonly Person[];
  readonly outbox?: readonly OutboxRecord[];
  readonly settled?: readonly Settled[];
  readonly drafts?: readonly (readonly [DraftPlace, Draft | null])[];
  /** Told to every tab, and not stored: lists of the user's own that changed. */
  readonly own?: readonly StoredChange[];
}

/** Where a draft belongs: a conversation, or with a root's seq the thread that hangs on it; 0: no thread. */
export type DraftPlace = readonly [conversation_id: ConversationId, thread_seq: number];

/** What a worker reads when it starts. */
export interface Loaded {
  readonly meta: Meta;
  readonly conversations: readonly ConversationRecord[];
  readonly people: readonly Person[];
  readonly outbox: readonly OutboxRecord[];
  readonly drafts: readonly (readonly [DraftPlace, Draft])[];
}

/** A leader that was replaced tried to write: nothing was written. */
export class Fenced extends Error {
  override readonly name = "Fenced";
}

/** Say whether a store refused for want of space: nothing was written. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === "QuotaExceededError";
}

export interface Store {
  readonly kind: "disk" | "memory";
  load(): Promise<Loaded>;
  /** Become the one that may write the log: returns the term under which its batches are accepted. */
  lead(): Promise<number>;
  /** All of the batch or nothing. With a term that is not the last one: Fenced. Null: a batch of own drafts and commands. */
  write(batch: Batch, term: number | null): Promise<void>;
  /** Stored rows of this range, both ends included, rising. */
  rows(id: ConversationId, low: number, high: number): Promise<readonly Row[]>;
  /** What is stored of the changes to the messages of this range, both ends included; by target, then in order. */
  changes(id: ConversationId, low: number, high: number): Promise<readonly ChangeRow[]>;
  /** What is stored of the replies in the threads of this range, both ends included; by thread, then in order. */
  replies(id: ConversationId, low: number, high: number): Promise<readonly MessageRow[]>;
  /** The newest stored row at or below `seq`. */
  rowAtOrBelow(id: ConversationId, seq: number): Promise<Row | null>;
  close(): void;
}
