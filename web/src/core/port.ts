/** The contract between a page and its worker: typed asks with answers, notes that the worker sends unasked, and the rows that both mean. */

import type { BotAsks } from "./bots/types.ts";
import type { EmojiAsks } from "./emoji/types.ts";
import type { ExportAsks } from "./export/types.ts";
import type { GroupAsks } from "./groups/types.ts";
import type { InvitingAsks } from "./inviting/types.ts";
import type { Mine, OwnAsks } from "./own/types.ts";
import type { PlaceAsks, Rules } from "./places/types.ts";
import type { ProfileAsks } from "./profile/types.ts";
import type { Signal, SignalAsks } from "./signals/types.ts";
import type { UnreadAsks } from "./unreads/types.ts";
import type { Token } from "./text/tokens.ts";
import type {
  ConversationId, ConversationKind, DeviceId, Entry, Forwarded, LeastRole, MessageDeleted, MessageEdited, MessagePinned, MessageSent, MessageUnpinned, PollClosed,
  PollStarted, PollVoted, ReactionAdded, ReactionRemoved, Role, StoredChange, UserId, Visibility,
} from "./protocol/types.ts";

export type * from "./bots/types.ts";
export type * from "./emoji/types.ts";
export type * from "./groups/types.ts";
export type * from "./inviting/types.ts";
export type * from "./own/types.ts";
export type * from "./places/types.ts";
export type * from "./profile/types.ts";
export type * from "./signals/types.ts";
export type * from "./unreads/types.ts";
export type { Token } from "./text/tokens.ts";
export type { ConversationId, ConversationKind, DeviceId, Forwarded, LeastRole, Role, UserId, Visibility } from "./protocol/types.ts";

/** A refusal as a value; `code` is the server's stable code, or `offline` when the network did not carry the ask. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly reason?: string;
  readonly retry_after_ms?: number;
}

export type Answer<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: Refusal };

/** Who this tab is: the page keeps it per tab (sessionStorage) and in its list of known accounts. */
export interface Session {
  readonly user_id: UserId;
  readonly device_id: DeviceId;
  readonly name: string;
}

export interface Person {
  readonly user_id: UserId;
  readonly name: string;
  /** A program. */
  readonly bot?: boolean;
}

/** `syncing`: connected, what was missed is being fetched. `draining`: the server restarts and will be back at once. */
export type LinkState = "offline" | "connecting" | "syncing" | "live" | "draining";

/** Why a pending message is not sent: `failed` waits for retry or discard, everything else goes on by itself. */
export type SendState = "queued" | "sending" | "sent" | "failed";

interface RowFields {
  /** Stays the same when a pending message gets its seq: the key of the list's row. */
  readonly key: string;
  readonly conversation_id: ConversationId;
  /** Its place in the conversation; null while it is pending (pending rows stand after the newest, in order of key). */
  readonly seq: number | null;
  readonly sender_id: UserId;
  readonly client_id: string;
  /** Milliseconds since 1970: the server's time, or this device's while pending. */
  readonly created_at: number;
}

/** An emoji, how many people put it there, and whether this user is one of them. */
export type Reaction = readonly [emoji: string, count: number, mine: boolean];

export interface Poll {
  readonly options: readonly string[];
  readonly multiple: boolean;
  readonly anonymous: boolean;
  /** Milliseconds since 1970; null: no end is set. */
  readonly closes_at: number | null;
  /** Per option, how many chose it; empty: nobody has voted. */
  readonly votes: readonly number[];
  readonly voters: number;
  /** What this user chose, by place. */
  readonly chosen: readonly number[];
  readonly closed: boolean;
}

/** A message or a poll (`body` is its question), as later entries have made it; absent fields are as when it was sent. */
export interface MessageRow extends RowFields {
  readonly kind: "message";
  readonly body: string;
  readonly tokens: readonly Token[];
  readonly target_seq: number | null;
  /** Number among the messages of the conversation, or of the thread that it replies in; null while pending. */
  readonly ordinal: number | null;
  readonly state: SendState;
  /** Only of `failed`. */
  readonly error: Refusal | null;
  /** The last entry that changed it. */
  readonly changed_seq?: number;
  /** The root of the thread that it replies in; it is in the main timeline only if it is `broadcast`. */
  readonly thread_seq?: number;
  readonly broadcast?: boolean;
  /** 0: everybody. */
  readonly mentions?: readonly UserId[];
  readonly edited_seq?: number | null;
  /** It was taken away: nothing is left of it but its place. */
  readonly deleted_seq?: number | null;
  readonly pinned_seq?: number | null;
  readonly reactions?: readonly Reaction[];
  readonly forwarded?: Forwarded | null;
  /** What hangs on it. */
  readonly thread?: { readonly count: number; readonly last_seq: number; readonly last_at: number };
  readonly poll?: Poll;
  /** The name that a webhook gave itself. */
  readonly via?: string;
  /** Of an imported one: when it was written, elsewhere. */
  readonly sent_at?: number;
}

/** Everything else in the log that is shown is a line; `entry` says which. */
export interface LineRow extends RowFields {
  readonly kind: "line";
  readonly entry: Exclude<Entry, MessageSent | PollStarted | Change> | UnsupportedEntry;
}

/** An entry that changes a message or poll: it has its place in the log, but is seen in what it changed. */
export interface ChangeRow extends RowFields {
  readonly kind: "change";
  readonly entry: Change;
}

export type Change =
  | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollVoted | PollClosed;

export interface UnsupportedEntry {
  readonly kind: "unsupported";
}

export type Row = MessageRow | LineRow | ChangeRow;

/** Say whether a message stands in the main timeline; the others stand in their threads only. */
export function inTimeline(row: MessageRow): boolean {
  return row.thread_seq === undefined || row.broadcast === true;
}

/** What one may do to a message or poll that is stored: shown at once, and taken back when the server refuses it. */
export type Wish =
  | { readonly type: "edit"; readonly body: string }
  | { readonly type: "react" | "unreact"; readonly emoji: string }
  | { readonly type: "vote"; readonly options: readonly number[] }
  | { readonly type: "delete" | "pin" | "unpin" | "close_poll" };

/** A wish of one's own that the log does not have yet; the page shows its target as if it had. */
export interface PendingChange {
  readonly client_id: string;
  readonly target_seq: number;
  readonly wish: Wish;
  /** Of an edit: its body. */
  readonly tokens: readonly Token[];
}

export interface ConversationRow {
  readonly conversation_id: ConversationId;
  readonly kind: ConversationKind;
  readonly visibility: Visibility;
  /** Of groups and channels; a direct conversation is named after `other`. */
  readonly title: string | null;
  readonly topic: string | null;
  readonly other: Person | null;
  /** null: not (or no longer) a member: readable as far as the server gives it, not writable. */
  readonly role: Role | null;
  readonly member_count: number;
  /** Rises with each change of who is in it and as what. */
  readonly roster_version: number;
  /** From which role on members may pin; in a direct conversation both may. */
  readonly pin_role: LeastRole;
  readonly rules: Rules;
  readonly head: number;
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
  readonly last_message_at: number | null;
  /** For the second line of the list; a pending message of one's own too. */
  readonly last: { readonly sender_id: UserId; readonly text: string; readonly state: SendState } | null;
  /** How what is being written begins, in one line; "": nothing is. */
  readonly draft: string;
  /** By root: where this user stands in the threads that he follows, or has followed. */
  readonly threads: Readonly<Record<number, ThreadMarks>>;
  readonly mine: Mine;
}

export interface ThreadMarks {
  readonly following: boolean;
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
}

/** A thread as it is opened: its root (null: it cannot be had) and the newest replies, or those before what is here. */
export interface OpenedThread {
  readonly root: MessageRow | null;
  readonly replies: readonly MessageRow[];
  readonly reaches_start: boolean;
  /** Not everything asked could be had: no network, and not on this device. */
  readonly offline: boolean;
  readonly draft: Draft | null;
  /** Own messages without a seq, in order. */
  readonly pending: readonly MessageRow[];
}

export interface Draft {
  readonly text: string;
  readonly target_seq: number | null;
  readonly selection: readonly [number, number];
  /** Milliseconds since 1970; of two copies the newer one holds. */
  readonly changed_at: number;
  /** `changed_at` of the last version that the server has; absent: it has none. */
  readonly shared_at?: number;
}

/** Stored rows with consecutive seqs, oldest first. */
export interface Page {
  readonly rows: readonly Row[];
  /** Nothing that this user may read is older (newer) than these rows. */
  readonly reaches_start: boolean;
  readonly reaches_end: boolean;
  /** Not everything asked could be had: no network, and not on this device. */
  readonly offline: boolean;
}

/** A conversation as it is opened. While it is open, `rows` notes carry what follows. */
export interface Opened extends Page {
  readonly conversation: ConversationRow;
  /** Own messages without a seq, in order; shown after the newest row. */
  readonly pending: readonly MessageRow[];
  /** Own wishes that the log does not have yet, in order. */
  readonly changes: readonly PendingChange[];
  /** The oldest unread row, where the "New" line stands; null: nothing unread. */
  readonly unread_seq: number | null;
  readonly draft: Draft | null;
  readonly people: readonly Person[];
}

export interface MemberRow extends Person {
  readonly role: Role;
}

export interface FoundChannel {
  readonly conversation_id: ConversationId;
  readonly title: string;
  readonly topic: string | null;
  readonly member_count: number;
  /** Everybody may join; else one asks to be let in. */
  readonly open: boolean;
  readonly joined: boolean;
}

export interface DeviceRow {
  readonly device_id: DeviceId;
  readonly name: string;
  readonly kind: string;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly current: boolean;
}

/** What `start` gives: painted before the network is asked for anything. */
export interface Started {
  readonly session: Session;
  /** Newest first: the first 40; the others follow as a `conversations` note. */
  readonly conversations: readonly ConversationRow[];
  readonly people: readonly Person[];
  readonly link: LinkState;
  readonly storage: "disk" | "memory";
}

export interface NewMessage {
  readonly conversation_id: ConversationId;
  readonly body: string;
  readonly target_seq: number | null;
  /** 0: of the main timeline. */
  readonly thread_seq: number;
  /** Of a reply in a thread: it stands in the main timeline too. */
  readonly broadcast: boolean;
  /** 0: everybody. */
  readonly mentions: readonly UserId[];
}

export interface NewPoll {
  readonly conversation_id: ConversationId;
  readonly question: string;
  readonly options: readonly string[];
  readonly multiple: boolean;
  readonly anonymous: boolean;
  /** Milliseconds since 1970; null: it stays open until it is closed. */
  readonly closes_at: number | null;
}

export interface Reactor extends Person {
  readonly emoji: string;
}

/** What a message said from this time on. */
export interface Version {
  readonly body: string;
  readonly tokens: readonly Token[];
  readonly created_at: number;
}

export interface Voter extends Person {
  readonly options: readonly number[];
}

export interface PeopleGroup {
  readonly name: string;
  readonly user_ids: readonly UserId[];
}

type Done = Record<never, never>;

/** Everything a page may ask, by name: [what it hands over, what it gets back]. */
export interface Asks extends PlaceAsks, OwnAsks, SignalAsks, EmojiAsks, ExportAsks, UnreadAsks, ProfileAsks, GroupAsks, BotAsks, InvitingAsks {
  /** The first ask of a tab that knows its device. Refused `unauthenticated`: sign in again. Offline it starts from disk. */
  start: [Session, Started];
  /** First asks of a tab without a device; afterwards the tab is started: no `start` is needed. */
  sign_up: [{ name: string; password: string; device_name: string; invitation?: string }, Started];
  log_in: [{ name: string; password: string; device_name: string }, Started];
  /** Ends the session on the server and deletes this user's data in this browser. */
  log_out: [Done, Done];
  /** The same, for every device of this user. */
  log_out_everywhere: [Done, Done];

  /** `at`: a seq to centre on, `unread` (the oldest unread row; else the end) or `end`. */
  open: [{ conversation_id: ConversationId; at: number | "unread" | "end" }, Opened];
  close: [{ conversation_id: ConversationId }, Done];
  /** At most `limit` rows beside (never including) `seq`. */
  older: [{ conversation_id: ConversationId; seq: number; limit: number }, Page];
  newer: [{ conversation_id: ConversationId; seq: number; limit: number }, Page];
  /** One row by seq (a quoted message); null: this user may not read it, or it cannot be had now. */
  row: [{ conversation_id: ConversationId; seq: number }, Row | null];

  /** A thread of an open conversation: the newest replies, or the newest before this seq. */
  open_thread: [{ conversation_id: ConversationId; thread_seq: number; before: number | null }, OpenedThread];
  read_thread: [{ conversation_id: ConversationId; thread_seq: number; seq: number }, Done];
  follow_thread: [{ conversation_id: ConversationId; thread_seq: number; following: boolean }, Done];

  /** Answered when it is on disk; the bubble is `row`, and `rows` notes carry its further states. The draft is cleared with it. */
  send: [NewMessage, { row: MessageRow }];
  start_poll: [NewPoll, { row: MessageRow }];
  /** Answered when it is on disk: a `changes` note tells what is shown now, a `refused` note if it is taken back. */
  change: [{ conversation_id: ConversationId; target_seq: number; wish: Wish }, Done];
  /** Answered by the server: forwarding is refused and not kept without a connection. */
  forward: [{ conversation_id: ConversationId; source_conversation_id: ConversationId; source_seq: number }, Done];
  /** Of a failed message: a new place at the end. */
  retry: [{ conversation_id: ConversationId; client_id: string }, Done];
  discard: [{ conversation_id: ConversationId; client_id: string }, Done];
  read: [{ conversation_id: ConversationId; seq: number }, Done];

  /** A direct conversation with the same person is found again. */
  create: [
    { kind: ConversationKind; title: string | null; visibility: Visibility; members: readonly UserId[] },
    { conversation_id: ConversationId },
  ];
  join: [{ conversation_id: ConversationId }, Done];
  leave: [{ conversation_id: ConversationId }, Done];
  /** At most 100 people, in one entry. */
  invite: [{ conversation_id: ConversationId; user_ids: readonly UserId[] }, Done];
  remove: [{ conversation_id: ConversationId; user_id: UserId; ban?: boolean }, Done];
  set_role: [{ conversation_id: ConversationId; user_id: UserId; role: Role }, Done];
  set_settings: [
    { conversation_id: ConversationId; title?: string; topic?: string; visibility?: Visibility; pin_role?: LeastRole } & Partial<Rules>,
    Done,
  ];

  members: [{ conversation_id: ConversationId }, readonly MemberRow[]];
  reactors: [{ conversation_id: ConversationId; seq: number }, readonly Reactor[]];
  /** What a message with this text would look like. */
  preview: [{ body: string }, readonly Token[]];
  versions: [{ conversation_id: ConversationId; seq: number }, readonly Version[]];
  /** Who chose what in a poll that is not anonymous. */
  voters: [{ conversation_id: ConversationId; seq: number }, readonly Voter[]];
  /** The last pin first. */
  pins: [{ conversation_id: ConversationId }, readonly MessageRow[]];
  /** Groups of people that are mentioned by one name. */
  groups: [Done, readonly PeopleGroup[]];
  save_message: [{ conversation_id: ConversationId; seq: number }, Done];
  /** `at`: milliseconds since 1970. */
  remind: [{ conversation_id: ConversationId; seq: number; at: number }, Done];
  search_users: [{ name: string }, readonly Person[]];
  search_channels: [{ name: string }, readonly FoundChannel[]];
  devices: [Done, readonly DeviceRow[]];
  rename_device: [{ device_id: DeviceId; name: string }, Done];
  revoke_device: [{ device_id: DeviceId }, Done];

  /** On each input, beside the page's own synchronous copy; null: the user cleared it. */
  save_draft: [{ conversation_id: ConversationId; thread_seq: number; draft: Draft | null }, Done];
  /** Whether this tab is on screen: a visible tab takes over from a leader that has stopped. */
  visible: [{ visible: boolean }, Done];
  /** The browser says that its network went or came back (workers are not told): the connection is tested at once. */
  network: [Done, Done];
}

/** What the worker says unasked. Notes of one change come together and after the change is on disk. */
export type Note =
  | { readonly type: "link"; readonly state: LinkState; /** When the next try is made, in ms since 1970. */ readonly retry_at: number | null }
  | { readonly type: "conversations"; readonly changed: readonly ConversationRow[]; readonly removed: readonly ConversationId[] }
  /** New or changed rows of a conversation that is open in this tab; a row with a known key takes the place of the old one. */
  | {
      readonly type: "rows";
      readonly conversation_id: ConversationId;
      readonly rows: readonly Row[];
      /** Older rows as later entries have made them: those that the page has are to be replaced. */
      readonly changed: readonly Row[];
      /** Keys of rows that are no more: discarded messages. */
      readonly removed: readonly string[];
    }
  /** All of one's own wishes in an open conversation that the log does not have yet. */
  | { readonly type: "changes"; readonly conversation_id: ConversationId; readonly changes: readonly PendingChange[] }
  /** The server has refused such a wish: what was shown is taken back. */
  | { readonly type: "refused"; readonly conversation_id: ConversationId; readonly change: PendingChange; readonly error: Refusal }
  /** The open conversation jumped ahead or was cut back (a long absence, a restored server): open it again. */
  | { readonly type: "reopen"; readonly conversation_id: ConversationId }
  | { readonly type: "people"; readonly people: readonly Person[] }
  /** Somebody else's new message in a conversation of this user: for the title, the badge and the announcer. */
  | { readonly type: "arrived"; readonly conversation_id: ConversationId; readonly row: MessageRow }
  /** `thread_seq`: the thread that it belongs to; 0: none. */
  | { readonly type: "drafts"; readonly conversation_id: ConversationId; readonly thread_seq: number; readonly draft: Draft | null }
  | { readonly type: "devices" }
  /** What the server says of this moment. */
  | { readonly type: "signal"; readonly signal: Signal }
  /** A list of the user's own, or his settings, changed: elsewhere, or because a time has come. */
  | { readonly type: "own"; readonly what: StoredChange }
  /** The session is over (revoked, logged out in another tab); local data is kept when `reason` is `expired`. */
  | { readonly type: "signed_out"; readonly reason: "expired" | "revoked" | "logged_out" }
  /** Where this tab keeps its data from here on and why; `disk` and `full`: the oldest bodies were let go, the server has them. */
  | { readonly type: "storage"; readonly storage: "disk" | "memory"; readonly reason: string }
  | { readonly type: "upgrade" };

export type AskName = keyof Asks;
export type Input<Name extends AskName> = Asks[Name][0];
export type Output<Name extends AskName> = Asks[Name][1];

/** Messages as they cross: page to worker, worker to page. */
export type ToWorker = { [Name in AskName]: { readonly id: number; readonly name: Name; readonly input: Input<Name> } }[AskName];
export type ToPage = { readonly id: number; readonly answer: Answer<unknown> } | { readonly note: Note };

/** The end of a channel that both a Worker and a test double have. */
export interface Channel {
  postMessage(message: ToWorker): void;
  onmessage: ((event: { readonly data: ToPage }) => void) | null;
}

/** The page's side of the contract. */
export interface Port {
  ask<Name extends AskName>(name: Name, input: Input<Name>): Promise<Answer<Output<Name>>>;
  /** Returns what stops the listening. */
  listen(listener: (note: Note) => void): () => void;
}

/** Return the page's end; an ask is always answered, by the worker or (if it dies) never: the page shows `offline`. */
export function openPort(channel: Channel): Port {
  const waiting = new Map<number, (answer: Answer<never>) => void>();
  const listeners = new Set<(note: Note) => void>();
  let last = 0;
  channel.onmessage = ({ data }) => {
    if ("note" in data) {
      for (const listener of listeners) listener(data.note);
      return;
    }
    waiting.get(data.id)?.(data.answer as Answer<never>);
    waiting.delete(data.id);
  };
  return {
    ask(name, input) {
      last += 1;
      const id = last;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        channel.postMessage({ id, name, input } as ToWorker);
      });
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
