/** What the client's link wants done: first what must be durable, in one local transaction, then the rest, in order. */

import type { Refusal } from "../port.ts";
import type {
  AnyCommand, ClientName, ClosePoll, ConversationId, Create, Delete, DeviceId, Edit, Entry, Forward, MembershipCommand, Pin, React, SendMessage,
  ServerFrame, StartPoll, StoredChange, Unpin, Unreact, UserId, Vote,
} from "../protocol/types.ts";

/** Commands on messages and polls that stand in the log. */
export type ChangeCommand = Edit | Delete | React | Unreact | Pin | Unpin | Vote | ClosePoll;

/** Commands that make an entry; in the outbox their `id` is 0, each transmission gives them one. */
export type OutboxCommand = Create | SendMessage | StartPoll | Forward | ChangeCommand | MembershipCommand;

/** Where the link stands; the page shows it. */
export type State = "offline" | "connecting" | "syncing" | "live" | "draining";

/** Whose device this is, and which program runs on it. */
export interface Identity {
  readonly user_id: UserId;
  readonly device_id: DeviceId;
  readonly client: ClientName;
}

/** What a device holds when it starts, read from its store; `outbox` in the order in which it was kept. */
export interface Held {
  readonly epoch: string | null;
  readonly token: string | null;
  readonly positions: ReadonlyMap<ConversationId, Position>;
  readonly outbox: readonly Kept[];
}

/** An inclusive range of seqs. */
export type Range = readonly [low: number, high: number];

/** What a device knows of one conversation; stored in the transaction that stores the entries it speaks of. */
export interface Position {
  /** Every readable entry from `first` to here is held, but for `holes`; null: none was ever fetched. */
  readonly cursor: number | null;
  /** The highest seq heard of. */
  readonly head: number;
  /** The oldest seq this user may still be given. */
  readonly first: number;
  /** Ranges below the cursor that are not held, rising. */
  readonly holes: readonly Range[];
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
  /** The seq up to which `unread` counts; later entries of others add 1 when they are applied. */
  readonly counted: number;
  readonly flags: number;
  /** A read watermark the server does not have yet; 0: none. */
  readonly read_wanted: number;
}

export const UNKNOWN: Position = {
  cursor: null, head: 0, first: 1, holes: [], read: 0, unread: 0, mentions: 0, counted: 0, flags: 0, read_wanted: 0,
};

/** How this user stands to a thread. */
export interface ThreadMarks {
  readonly following: boolean;
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
  /** The seq up to which `unread` counts; later replies of others add 1 when they are applied. */
  readonly counted: number;
}

/** A row of the outbox. With `seq` it is acked, and stays until the device holds its entry. */
export interface Kept {
  readonly command: OutboxCommand;
  readonly seq: number | null;
}

/** Written in one transaction, before any action that follows it. */
export type Durable =
  /** Put the command into the outbox; one that is there keeps its place, and is not acked (any more). */
  | { readonly type: "keep"; readonly command: OutboxCommand }
  /**
   * The command is entry `seq`; `created_at` is the server's time. It leaves the outbox, unless it `awaits_entry` (then
   * it leaves by `settled`): a log that came back shorter may have lost the entry before this device got it, and then
   * the command must be sent again (promise F6).
   */
  | {
      readonly type: "acked";
      readonly client_id: string;
      readonly conversation_id: ConversationId;
      readonly seq: number;
      readonly created_at: string;
      readonly duplicate: boolean;
      readonly awaits_entry: boolean;
    }
  /** The entry of an acked command is held: the row leaves the outbox. */
  | { readonly type: "settled"; readonly client_id: string }
  /** The command was refused for good and changed nothing; it is not tried again. */
  | { readonly type: "failed"; readonly client_id: string; readonly error: Refusal }
  /** Store the entries (rising; none of them is held yet) and the position, together. */
  | { readonly type: "apply"; readonly conversation_id: ConversationId; readonly entries: readonly Entry[]; readonly position: Position }
  /** Forget every entry above `after` and store the position; own messages among them go to the outbox. */
  | { readonly type: "truncate"; readonly conversation_id: ConversationId; readonly after: number; readonly position: Position }
  /** Where the user stands in a thread, by the server's numbers; they count the entries up to `counted`. */
  | { readonly type: "thread"; readonly conversation_id: ConversationId; readonly thread_seq: number; readonly marks: Partial<ThreadMarks> }
  /** Something of the user's own is so now. */
  | { readonly type: "own"; readonly what: StoredChange }
  /** All that came before is stored; the next session may resume here. */
  | { readonly type: "save_token"; readonly epoch: string; readonly token: string };

export type Action =
  | Durable
  /** Open a connection after this many seconds; then tell `connected`, or `closed` when it cannot be had. */
  | { readonly type: "connect"; readonly after_s: number }
  /** Close the connection with this code; the link has done with it, `closed` is not told. */
  | { readonly type: "disconnect"; readonly code: number }
  | { readonly type: "transmit"; readonly frame: AnyCommand }
  /** Answer with `recalled`: per row the newest held entry at or below the seq, if any. */
  | { readonly type: "recall"; readonly asks: readonly (readonly [ConversationId, number])[] }
  /** The answer to `ask`; null: the connection was lost first. */
  | { readonly type: "answered"; readonly id: number; readonly frame: ServerFrame | null }
  | { readonly type: "state"; readonly state: State }
  /** The server closed with a code that forbids to come back unchanged; `wake` connects again. */
  | { readonly type: "refused"; readonly code: number };

const DURABLE: ReadonlySet<Action["type"]> = new Set(["keep", "acked", "settled", "failed", "apply", "truncate", "thread", "own", "save_token"]);

export function isDurable(action: Action): action is Durable {
  return DURABLE.has(action.type);
}
