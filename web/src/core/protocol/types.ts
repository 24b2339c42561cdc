/** Wire types of Seriatim, made from the server's structs (seriatim.protocol.documents.typescript): do not edit. */

type Branded<Base, Name extends string> = Base & { readonly __brand: Name };

export type Entry = MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged;

/** A message: of the main timeline, or a reply in a thread. */
export interface MessageSent {
  readonly kind: "message_sent";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly changed_seq?: number | null;
  readonly deleted_seq?: number | null;
  readonly pinned_seq?: number | null;
  readonly reactions?: readonly (readonly [string, number, boolean])[];
  readonly thread?: ThreadState | null;
  readonly body: string;
  readonly target_seq?: number | null;
  readonly thread_seq?: number | null;
  readonly broadcast?: boolean;
  readonly mentions?: readonly UserId[];
  readonly edited_seq?: number | null;
  readonly forwarded?: Forwarded | null;
  readonly via?: string | null;
  readonly sent_at?: string | null;
}

export type ConversationId = Branded<number, "ConversationId">;

export type UserId = Branded<number, "UserId">;

export type DeviceId = Branded<number, "DeviceId">;

/** What hangs on a message, as far as its reader may know: how many replies, and the last of them. */
export interface ThreadState {
  readonly count: number;
  readonly last_seq: number;
  readonly last_at: string;
}

/** Where a forwarded message is from, and who wrote it there; a reader may or may not see that place. */
export interface Forwarded {
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
}

/** The message `target_seq` says `body` from here on; both texts are empty once it is deleted. */
export interface MessageEdited {
  readonly kind: "message_edited";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly target_seq: number;
  readonly body: string;
  readonly previous?: string;
}

/** The message or poll `target_seq` was taken away by the sender, with its history, its reactions and its pin. */
export interface MessageDeleted {
  readonly kind: "message_deleted";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly target_seq: number;
}

/** The sender put `emoji` on the message or poll `target_seq`. */
export interface ReactionAdded {
  readonly kind: "reaction_added";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly target_seq: number;
  readonly emoji: string;
}

/** The sender took his `emoji` from the message or poll `target_seq`. */
export interface ReactionRemoved {
  readonly kind: "reaction_removed";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly target_seq: number;
  readonly emoji: string;
}

/** The message or poll `target_seq` is kept at hand. */
export interface MessagePinned {
  readonly kind: "message_pinned";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly target_seq: number;
}

/** The message or poll `target_seq` is kept at hand no more. */
export interface MessageUnpinned {
  readonly kind: "message_unpinned";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly target_seq: number;
}

/**
 * A question to everybody; it counts as a message. Once deleted it has neither question nor options.
 *
 * `votes`, `voters`, `chosen` and `closed_seq` are, like the reactions, told in pages.
 */
export interface PollStarted {
  readonly kind: "poll_started";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly changed_seq?: number | null;
  readonly deleted_seq?: number | null;
  readonly pinned_seq?: number | null;
  readonly reactions?: readonly (readonly [string, number, boolean])[];
  readonly thread?: ThreadState | null;
  readonly question: string;
  readonly options: readonly string[];
  readonly multiple?: boolean;
  readonly anonymous?: boolean;
  readonly closes_at?: string | null;
  readonly votes?: readonly number[];
  readonly voters?: number;
  readonly chosen?: readonly number[];
  readonly closed_seq?: number | null;
}

/**
 * Somebody voted in the poll `target_seq`, whose counts are these from here on.
 *
 * In an anonymous poll `sender_id` and `device_id` are 0, and the options are left out.
 */
export interface PollVoted {
  readonly kind: "poll_voted";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly target_seq: number;
  readonly votes: readonly number[];
  readonly voters?: number;
  readonly options?: readonly number[];
}

/** No vote counts any more in the poll `target_seq`. */
export interface PollClosed {
  readonly kind: "poll_closed";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly target_seq: number;
}

/** The first entry of every conversation; `members` includes its owner. */
export interface ConversationCreated {
  readonly kind: "conversation_created";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly conversation_kind: ConversationKind;
  readonly visibility: Visibility;
  readonly title?: string | null;
  readonly members: readonly UserId[];
}

/** What a conversation is: `direct` exists once per pair, `channel` may be public. */
export type ConversationKind = "direct" | "group" | "channel";

/** Who may find a conversation: its members only, everybody who then asks to join, or everybody, who just joins. */
export type Visibility = "private" | "listed" | "public";

/** `user_id` was invited by the sender, or joined by himself when both are one. */
export interface MemberAdded {
  readonly kind: "member_added";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly user_id: UserId;
  readonly role: Role;
  readonly user_ids?: readonly UserId[];
}

/** Rights within one conversation, rising; a guest's account is a guest wherever it is. */
export type Role = "guest" | "member" | "admin" | "owner";

/** `user_id` left, or was removed by the sender when they differ. */
export interface MemberLeft {
  readonly kind: "member_left";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly user_id: UserId;
  readonly banned?: boolean;
}

/** `user_id` has `role` from here on. */
export interface RoleChanged {
  readonly kind: "role_changed";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly user_id: UserId;
  readonly role: Role;
}

/** The settings that changed, with their new values; absent ones stayed. */
export interface SettingsChanged {
  readonly kind: "settings_changed";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly sender_id: UserId;
  readonly device_id: DeviceId;
  readonly client_id: string;
  readonly created_at: string;
  readonly ordinal?: number | null;
  readonly roster_version?: number | null;
  readonly title?: string | null;
  readonly topic?: string | null;
  readonly visibility?: Visibility | null;
  readonly history?: History | null;
  readonly post_role?: LeastRole | null;
  readonly invite_role?: LeastRole | null;
  readonly pin_role?: LeastRole | null;
  readonly slow_mode_s?: number | null;
  readonly archived?: boolean | null;
}

/** What a member reads of the time before he joined: everything, or nothing. */
export type History = "all" | "joined";

/** From which role on something is allowed. */
export type LeastRole = "member" | "admin" | "owner";

export type ServerFrame = Welcome | Heads | Pong | Drain | Ok | Error | Sent | Event | Page | Gap | Compared | SelfChanged | PresenceTold | TypingTold | Watermarks | Slashed | SlashCalled;

/**
 * The session is live. `heads` changed since the resume token, or are all; `more` says that `heads` frames follow.
 *
 * `own`: what else of the user's own was set since, at most 2,000 changes; flags of conversations stand in `heads`.
 * `resume_token` is stored after the last of these rows.
 */
export interface Welcome {
  readonly type: "welcome";
  readonly session_id: SessionId;
  readonly user_id: UserId;
  readonly device_id: DeviceId;
  readonly epoch: string;
  readonly heartbeat_ms: number;
  readonly limits: Limits;
  readonly server_time: string;
  readonly resume_token: string;
  readonly heads: readonly HeadRow[];
  readonly more: boolean;
  readonly own: readonly (OwnDraft | OwnMine | OwnThread | OwnSettings | OwnSaved | OwnScheduled | OwnReminder)[];
}

export type SessionId = Branded<string, "SessionId">;

/** What a client has to respect; sent in `welcome`, changed by settings. */
export interface Limits {
  readonly frame_bytes: number;
  readonly frames_per_message: number;
  readonly body_bytes: number;
  readonly name_code_points: number;
  readonly title_code_points: number;
  readonly topic_code_points: number;
  readonly emoji_bytes: number;
  readonly reaction_kinds: number;
  readonly pins: number;
  readonly question_code_points: number;
  readonly option_code_points: number;
  readonly poll_options: number;
  readonly mentions: number;
  readonly page_entries: number;
  readonly heads_rows: number;
  readonly compare_rows: number;
  readonly focus_ids: number;
  readonly status_code_points: number;
  readonly members: number;
  readonly commands_in_flight: number;
}

/** A conversation's position and this user's counts, as an array of seven. */
export type HeadRow = readonly [conversation_id: ConversationId, head: number, read: number, delivered: number, unread: number, mentions: number, flags: number];

/** The user was about to send this; an empty text: nothing any more. */
export interface OwnDraft {
  readonly change: "draft";
  readonly conversation_id: ConversationId;
  readonly thread_seq?: number | null;
  readonly text: string;
  readonly target_seq?: number | null;
  readonly changed_at: string;
}

/** How a conversation is now for this user only. */
export interface OwnMine {
  readonly change: "mine";
  readonly conversation_id: ConversationId;
  readonly level: Level;
  readonly muted_until: string | null;
  readonly pinned: boolean;
  readonly hidden: boolean;
  readonly marked_unread: boolean;
}

/** What somebody wants to be told of. `default`: of a conversation, what the user's settings say; there, `all`. */
export type Level = "default" | "all" | "mentions" | "nothing";

/** Whether the user follows a thread, how far he has read it, and what is left there. */
export interface OwnThread {
  readonly change: "thread";
  readonly conversation_id: ConversationId;
  readonly thread_seq: number;
  readonly following: boolean;
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
}

/** The user's settings, as they are now. */
export interface OwnSettings {
  readonly change: "settings";
  readonly settings: Settings;
}

/** What holds for a user on all of his devices; who has set nothing has these. */
export interface Settings {
  readonly level: Level;
  readonly muted_until: string | null;
  readonly quiet_hours: QuietHours;
  readonly read_receipts: boolean;
}

/** Every day from `start` to `end`, past midnight where `end` is earlier, by the clocks of `time_zone`. */
export interface QuietHours {
  readonly on: boolean;
  readonly start: string;
  readonly end: string;
  readonly time_zone: string;
}

/** A message was saved, or (no `saved_at`) is saved no more; without ids: list them again. */
export interface OwnSaved {
  readonly change: "saved";
  readonly conversation_id?: ConversationId | null;
  readonly seq?: number | null;
  readonly saved_at?: string | null;
}

/** A scheduled message was sent as `seq`, or refused with `code`; without both: list them again. */
export interface OwnScheduled {
  readonly change: "scheduled";
  readonly scheduled_id?: number | null;
  readonly conversation_id?: ConversationId | null;
  readonly seq?: number | null;
  readonly code?: string | null;
}

/** The time has come to be reminded of a message; without ids: list the reminders again. */
export interface OwnReminder {
  readonly change: "reminder";
  readonly reminder_id?: number | null;
  readonly conversation_id?: ConversationId | null;
  readonly seq?: number | null;
}

/** Further rows of `welcome`, 1,000 each, the newest conversations first; or what `read_all` has read. */
export interface Heads {
  readonly type: "heads";
  readonly rows: readonly HeadRow[];
  readonly more: boolean;
}

/**
 * Heads of every conversation that moved since this session last asked, and what else of the user's own was set.
 *
 * The token is stored after all before it.
 */
export interface Pong {
  readonly type: "pong";
  readonly heads: readonly HeadRow[];
  readonly resume_token: string;
  readonly own: readonly (OwnDraft | OwnMine | OwnThread | OwnSettings | OwnSaved | OwnScheduled | OwnReminder)[];
}

/** A planned restart: reconnect once after a random time within this window. */
export interface Drain {
  readonly type: "drain";
  readonly reconnect_after_ms: readonly [number, number];
}

/** Done. */
export interface Ok {
  readonly type: "ok";
  readonly id: number;
}

/** Refused, and nothing changed; `id` is absent when the frame could not be read that far. */
export interface Error {
  readonly type: "error";
  readonly id?: number | null;
  readonly code: string;
  readonly message: string;
  readonly path?: string | null;
  readonly reason?: string | null;
  readonly retry_after_ms?: number | null;
  readonly fatal?: boolean;
}

/** The ack: durable at `seq`. A retry gets the same values and `duplicate`. */
export interface Sent {
  readonly type: "sent";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly client_id: string;
  readonly seq: number;
  readonly created_at: string;
  readonly duplicate?: boolean;
  readonly trace?: readonly TracedHop[] | null;
}

/** One named step of a traced command: when it ended after the first byte, and what it cost. */
export interface TracedHop {
  readonly hop: string;
  readonly at_us: number;
  readonly network?: number;
  readonly statements?: number;
  readonly rows?: number;
  readonly commits?: number;
}

/** A log entry of one of this user's conversations, in the log of `epoch`. */
export interface Event {
  readonly type: "event";
  readonly epoch: string;
  readonly entry: MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged;
}

/**
 * Every entry of the asked range, oldest first, in its state at `head`; with `thread_seq` of this thread only.
 *
 * `first_kept`: the oldest seq this user can be given. `complete`: the range reaches its end in the asked direction.
 */
export interface Page {
  readonly type: "page";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly thread_seq?: number | null;
  readonly epoch: string;
  readonly entries: readonly (MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged)[];
  readonly head: number;
  readonly first_kept: number;
  readonly complete: boolean;
}

/** Events of this conversation were dropped for this session: fetch up to `head`. */
export interface Gap {
  readonly type: "gap";
  readonly conversation_id: ConversationId;
  readonly head: number;
}

/** Those of the compared entries that are equal in the log of `epoch`, as they were named. */
export interface Compared {
  readonly type: "compared";
  readonly id: number;
  readonly epoch: string;
  readonly entries: readonly (readonly [ConversationId, number, string, string])[];
}

/** Something of this user's own changed on another of his devices. */
export interface SelfChanged {
  readonly type: "self";
  readonly what: OwnRead | DevicesChanged | OwnPresence | OwnDraft | OwnMine | OwnThread | OwnSettings | OwnSaved | OwnScheduled | OwnReminder;
}

/** The user read up to `seq` on another device, with `thread_seq` in this thread; the counts are the server's. */
export interface OwnRead {
  readonly change: "read";
  readonly conversation_id: ConversationId;
  readonly thread_seq?: number | null;
  readonly seq: number;
  readonly unread: number;
  readonly mentions: number;
}

/** A device of this user was added, renamed or revoked: list them again. */
export interface DevicesChanged {
  readonly change: "devices";
}

/** What the user chose to look like, on another device. */
export interface OwnPresence {
  readonly change: "presence";
  readonly state: ChosenState;
  readonly text: string;
  readonly expires_at: string | null;
}

/** What somebody wants to look like while he is connected; `auto`: as active as his devices. */
export type ChosenState = "auto" | "away" | "do_not_disturb" | "invisible";

/**
 * Presence of people in this session's focus: at most one frame a second.
 *
 * `counts`: how many are online in each conversation of more than 250 members that is on screen.
 */
export interface PresenceTold {
  readonly type: "presence";
  readonly rows?: readonly PresenceRow[];
  readonly counts?: Readonly<Record<ConversationId, number>>;
}

/**
 * Somebody's presence, as an array of five; `last_seen_at` of who is offline, and only to whom he lets know.
 *
 * The text is gone at `expires_at`.
 */
export type PresenceRow = readonly [user_id: UserId, state: PresenceState, last_seen_at: string | null, text: string, expires_at: string | null];

/** How somebody looks to others: the most active of his devices counts, then what he chose. */
export type PresenceState = "online" | "away" | "do_not_disturb" | "offline";

/** Somebody else types in a conversation on screen, or (`on` false) no more; it is over after 6 s without news. */
export interface TypingTold {
  readonly type: "typing";
  readonly conversation_id: ConversationId;
  readonly user_id: UserId;
  readonly on: boolean;
  readonly thread_seq?: number | null;
}

/**
 * Marks that moved in a conversation on screen, at most one frame a second; they only rise.
 *
 * Of more than 50 members only how many others (`read_count`) have read this user's latest message, `seq`.
 */
export interface Watermarks {
  readonly type: "watermarks";
  readonly conversation_id: ConversationId;
  readonly rows?: readonly MemberMarks[];
  readonly seq?: number | null;
  readonly read_count?: number | null;
}

/** How far a member's devices have come and how far he has read, as an array of three; 0: not told. */
export type MemberMarks = readonly [user_id: UserId, delivered: number, read: number];

/** What a called bot answers to its caller alone; what it says to everybody is a message of its own. */
export interface Slashed {
  readonly type: "slashed";
  readonly id: number;
  readonly text?: string;
}

/** To a bot: somebody has called one of its commands; it says `answer_slash` within 3 s. */
export interface SlashCalled {
  readonly type: "slash_called";
  readonly call_id: string;
  readonly conversation_id: ConversationId;
  readonly user_id: UserId;
  readonly name: string;
  readonly text: string;
}

export type AnyCommand = Hello | Ping | Focus | Typing | SetPresence | Received | SaveDraft | SetMine | ReadAll | Renew | Fetch | Compare | Read | Create | SendMessage | Join | Leave | Invite | Remove | SetRole | SetSettings | Edit | Delete | React | Unreact | Pin | Unpin | Forward | StartPoll | Vote | ClosePoll | Slash | AnswerSlash;

/** The first frame of a session, within 10 s; the token is never in the URL; `inactive`: nobody looks. */
export interface Hello {
  readonly type: "hello";
  readonly token: string;
  readonly device_id: DeviceId;
  readonly client: ClientName;
  readonly resume?: Resume | null;
  readonly focus?: readonly ConversationId[];
  readonly inactive?: boolean;
}

/** Which program speaks. */
export interface ClientName {
  readonly name: string;
  readonly version: string;
}

/** Where this device left off: the epoch of its log and the last resume token it stored. */
export interface Resume {
  readonly epoch: string;
  readonly token: string;
}

/** Heartbeat, answered by `pong`; `heads`, what this device holds of its focused conversations, is reserved. */
export interface Ping {
  readonly type: "ping";
  readonly heads?: Readonly<Record<ConversationId, number>>;
}

/**
 * The conversations and people on screen: only of them typing and presence are told; `inactive`: nobody looks.
 *
 * Events of these conversations are never folded into `gap` before the others.
 */
export interface Focus {
  readonly type: "focus";
  readonly conversation_ids?: readonly ConversationId[];
  readonly user_ids?: readonly UserId[];
  readonly inactive?: boolean;
}

/** The user is typing in this conversation or thread, or (`on` false) no more; at most one `on` in 3 s. */
export interface Typing {
  readonly type: "typing";
  readonly conversation_id: ConversationId;
  readonly thread_seq?: number | null;
  readonly on?: boolean;
}

/**
 * What others see of this user, whatever his device, until `expires_at`; answered by `ok`.
 *
 * `last_seen_to`: who is told when he was last here; absent: as before.
 */
export interface SetPresence {
  readonly type: "set_presence";
  readonly id: number;
  readonly state?: ChosenState;
  readonly text?: string;
  readonly expires_at?: string | null;
  readonly last_seen_to?: LastSeenTo | null;
}

/** Who is told when somebody was last here; contacts are those he shares a direct conversation with. */
export type LastSeenTo = "everyone" | "contacts" | "nobody";

/**
 * Of each of these conversations, this device has everything up to this seq; what is named too often is dropped.
 *
 * Only conversations of up to 50 members keep it.
 */
export interface Received {
  readonly type: "received";
  readonly seqs: Readonly<Record<ConversationId, number>>;
}

/**
 * What the user was about to send in a conversation or thread; an empty text: nothing. Answered by `ok`.
 *
 * The later `changed_at` wins, by the devices' clocks, but never a time to come; who loses is told what won.
 */
export interface SaveDraft {
  readonly type: "draft";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly thread_seq?: number | null;
  readonly text: string;
  readonly target_seq?: number | null;
  readonly changed_at: string;
}

/**
 * How one conversation is to be for this user only; absent fields stay; answered by `ok`.
 *
 * `muted_until` in the past ends it. A message shows a hidden conversation again; reading ends `marked_unread`. With
 * `thread_seq` it says whether the user is `following` that thread, and nothing else.
 */
export interface SetMine {
  readonly type: "set_mine";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly thread_seq?: number | null;
  readonly following?: boolean | null;
  readonly level?: Level | null;
  readonly muted_until?: string | null;
  readonly pinned?: boolean | null;
  readonly hidden?: boolean | null;
  readonly marked_unread?: boolean | null;
}

/** The user has read every conversation up to its present head; answered by `ok`. */
export interface ReadAll {
  readonly type: "read_all";
  readonly id: number;
}

/** A fresh access token for this session; answered by `ok`. */
export interface Renew {
  readonly type: "renew";
  readonly id: number;
  readonly token: string;
}

/**
 * Entries of one conversation, at most `limit`: after, before or around a seq, around a time, or the newest.
 *
 * Answered by `page`. `at`: around the first entry of that time or later. With `thread_seq` only this message and the
 * replies to it.
 */
export interface Fetch {
  readonly type: "fetch";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly after?: number | null;
  readonly before?: number | null;
  readonly around?: number | null;
  readonly at?: string | null;
  readonly thread_seq?: number | null;
  readonly limit?: number;
}

/** Which of these (conversation_id, seq, client_id, created_at) the log has; answered by `compared`. */
export interface Compare {
  readonly type: "compare";
  readonly id: number;
  readonly entries: readonly (readonly [ConversationId, number, string, string])[];
}

/** The user has read up to `seq`, or with `thread_seq` its thread; the watermark never falls; answered by `ok`. */
export interface Read {
  readonly type: "read";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly thread_seq?: number | null;
}

/** A new conversation; a direct one (exactly one member named) exists once per pair and is found again. */
export interface Create {
  readonly type: "create";
  readonly id: number;
  readonly client_id: string;
  readonly kind: ConversationKind;
  readonly title?: string | null;
  readonly visibility?: Visibility;
  readonly members?: readonly UserId[];
}

/**
 * A message; `target_seq` makes it a quoting reply, `thread_seq` a reply in the thread of that message.
 *
 * `broadcast`: a reply that stands in the main timeline too. `mentions`: whom its text names, 0 for everybody.
 * `trace` asks for its hops in `sent`.
 */
export interface SendMessage {
  readonly type: "send";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly body: string;
  readonly target_seq?: number | null;
  readonly thread_seq?: number | null;
  readonly broadcast?: boolean;
  readonly mentions?: readonly UserId[];
  readonly trace?: boolean;
}

/** Become a member of a public conversation, or of any with the token of an invitation to it. */
export interface Join {
  readonly type: "join";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly invitation?: string | null;
}

/** Stop being a member; the last owner of a conversation with other members hands over first. */
export interface Leave {
  readonly type: "leave";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
}

/** Add people at once, 100 at most, in one entry; `user_id` is an older way to name one. */
export interface Invite {
  readonly type: "invite";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly user_ids?: readonly UserId[];
  readonly user_id?: UserId | null;
  readonly role?: Role;
}

/** Take somebody out; he keeps what he could read so far. With `ban` he cannot come back, by whatever door. */
export interface Remove {
  readonly type: "remove";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly user_id: UserId;
  readonly ban?: boolean;
}

/** Give a member another role. */
export interface SetRole {
  readonly type: "set_role";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly user_id: UserId;
  readonly role: Role;
}

/** Change the settings named; absent ones stay. The roles are the lowest that may post, invite and pin. */
export interface SetSettings {
  readonly type: "set_settings";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly title?: string | null;
  readonly topic?: string | null;
  readonly visibility?: Visibility | null;
  readonly history?: History | null;
  readonly post_role?: LeastRole | null;
  readonly invite_role?: LeastRole | null;
  readonly pin_role?: LeastRole | null;
  readonly slow_mode_s?: number | null;
  readonly archived?: boolean | null;
}

/** Give one's own message another body; the bodies before stay in its history. Mentions stay as they were sent. */
export interface Edit {
  readonly type: "edit";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly target_seq: number;
  readonly body: string;
}

/** Take a message or poll away from everybody, with its history: one's own; admins and owners, anybody's. */
export interface Delete {
  readonly type: "delete";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly target_seq: number;
}

/** Put an emoji on a message or poll. */
export interface React {
  readonly type: "react";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly target_seq: number;
  readonly emoji: string;
}

/** Take one's own emoji away again. */
export interface Unreact {
  readonly type: "unreact";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly target_seq: number;
  readonly emoji: string;
}

/** Keep a message or poll at hand for everybody in the conversation. */
export interface Pin {
  readonly type: "pin";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly target_seq: number;
}

/** Take a pin away again. */
export interface Unpin {
  readonly type: "unpin";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly target_seq: number;
}

/** Send the body of a message that one may read, as a message that says where it is from. */
export interface Forward {
  readonly type: "forward";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly source_conversation_id: ConversationId;
  readonly source_seq: number;
}

/** Ask everybody here; `multiple`: a vote may name several options; `anonymous`: nobody is told who voted what. */
export interface StartPoll {
  readonly type: "start_poll";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly question: string;
  readonly options: readonly string[];
  readonly multiple?: boolean;
  readonly anonymous?: boolean;
  readonly closes_at?: string | null;
}

/** Vote in a poll for options by their place, 0 for the first; replaces one's earlier vote, [] takes it back. */
export interface Vote {
  readonly type: "vote";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly target_seq: number;
  readonly options: readonly number[];
}

/** End a poll before its time: one's own; admins and owners, anybody's. */
export interface ClosePoll {
  readonly type: "close_poll";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly target_seq: number;
}

/**
 * Call a command that a bot of this conversation offers (`/name text`); answered by `slashed`.
 *
 * The same `client_id` never makes a second message; the bot itself may be called twice.
 */
export interface Slash {
  readonly type: "slash";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly client_id: string;
  readonly name: string;
  readonly text?: string;
}

/** Answer a `slash_called` within 3 s; `text` is shown to who called, and to nobody else; answered by `ok`. */
export interface AnswerSlash {
  readonly type: "answer_slash";
  readonly id: number;
  readonly call_id: string;
  readonly text?: string;
}

export type MembershipCommand = Join | Leave | Invite | Remove | SetRole | SetSettings;

export type StoredChange = OwnDraft | OwnMine | OwnThread | OwnSettings | OwnSaved | OwnScheduled | OwnReminder;

/** A new account; `invitation` is the secret of an invitation where sign-up is by invitation. */
export interface SignUp {
  readonly name: string;
  readonly password: string;
  readonly device: NewDevice;
  readonly invitation?: string | null;
}

/** The installation that signs in; `kind` is `web`, `cli`, `bot` or what the program calls itself. */
export interface NewDevice {
  readonly name: string;
  readonly kind: string;
}

/** A new device of an existing account. */
export interface LogIn {
  readonly name: string;
  readonly password: string;
  readonly device: NewDevice;
}

/** Ask for a fresh access token; browsers leave `refresh_token` out, theirs is the cookie of `device_id`. */
export interface Refresh {
  readonly device_id: DeviceId;
  readonly refresh_token?: string | null;
}

/** A new name for one of the caller's devices. */
export interface RenameDevice {
  readonly name: string;
}

/** What the caller is called from now on; the name that he logs in with gives him that one back. */
export interface ChangeMe {
  readonly display_name: string;
}

/** An address that is to be the caller's, once it is confirmed. */
export interface NewMailAddress {
  readonly address: string;
}

/** Whether missed messages are told by mail. */
export interface SetDigest {
  readonly digest: boolean;
}

/** Somebody who is invited to sign up, as a guest or as a full member of the server. */
export interface MailInvitation {
  readonly address: string;
  readonly guest?: boolean;
}

/** Remind me of this message then. */
export interface NewReminder {
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly remind_at: string;
}

/** Send this message then, as this device; its `client_id` makes it be sent once, and its `id` means nothing. */
export interface ScheduleMessage {
  readonly message: SendMessage;
  readonly send_at: string;
}

/** Another message under the same key in the same place, or another time; one that was refused is tried again. */
export interface ChangeScheduled {
  readonly message?: SendMessage | null;
  readonly send_at?: string | null;
}

/** The settings named change; absent ones stay. */
export interface ChangeSettings {
  readonly level?: Level | null;
  readonly muted_until?: string | null;
  readonly quiet_hours?: QuietHours | null;
  readonly read_receipts?: boolean | null;
}

/** A link into a conversation, good for a week unless said otherwise; only an owner makes one for admins. */
export interface NewInvitation {
  readonly role?: Role;
  readonly life_s?: number;
  readonly most_uses?: number | null;
}

/** Join by a link; `client_id` may also come as `Idempotency-Key`. */
export interface FollowInvitation {
  readonly client_id?: string | null;
}

/** A request to be let into a listed channel, with a few words to those who decide. */
export interface AskToJoin {
  readonly words?: string;
}

/** Until when a member may only read. */
export interface Silence {
  readonly until: string;
}

/** A message that moderators should look at, and why. */
export interface NewReport {
  readonly seq: number;
  readonly words?: string;
}

/** The end of a report. */
export interface Resolve {
  readonly resolution: Resolution;
}

/** What became of a report. */
export type Resolution = "nothing" | "deleted" | "member";

/** An address at which programs leave messages; `name` is shown with them. */
export interface NewIncomingWebhook {
  readonly name: string;
}

/** A URL that is told every message from now on. */
export interface NewOutgoingWebhook {
  readonly name: string;
  readonly url: string;
}

/**
 * A name, as it is written between colons, and a PNG, GIF, WebP or JPEG in base64, at most 128 KiB and 512x512 px.
 *
 * The name is 2 to 32 small letters, digits, `_`, `+` and `-`, and that of no standard emoji.
 */
export interface NewEmoji {
  readonly name: string;
  readonly picture: string;
}

/** A group by name. */
export interface NewGroup {
  readonly name: string;
  readonly user_ids: readonly UserId[];
}

/** What is to be different; absent parts stay. */
export interface ChangeGroup {
  readonly name?: string | null;
  readonly user_ids?: readonly UserId[] | null;
  readonly seen_user_ids?: readonly UserId[] | null;
}

/** A bot to make; its name is taken as a person's is. */
export interface NewBot {
  readonly name: string;
  readonly scopes?: readonly Scope[];
}

/** What a bot's token is good for. */
export type Scope = "read" | "send" | "react" | "manage";

/** What a bot's token is good for from now on. */
export interface ChangeBot {
  readonly scopes: readonly Scope[];
}

/** Access for one device: `access_token` until `expires_at`; `refresh_token` is absent for browsers (cookie). */
export interface Credentials {
  readonly user_id: UserId;
  readonly device_id: DeviceId;
  readonly name: string;
  readonly access_token: string;
  readonly expires_at: string;
  readonly refresh_token?: string | null;
}

/** A person as others see him. */
export interface User {
  readonly user_id: UserId;
  readonly name: string;
  readonly guest?: boolean;
  readonly bot?: boolean;
}

/** People found, best match first. */
export interface Users {
  readonly users: readonly User[];
}

/** The caller himself. */
export interface Me {
  readonly user_id: UserId;
  readonly name: string;
  readonly sign_in_name: string;
  readonly device_id: DeviceId;
  readonly server_admin: boolean;
  readonly guest: boolean;
}

/** The caller's mail; `sends` is false on a server that sends none. */
export interface MailSettings {
  readonly sends: boolean;
  readonly address?: string | null;
  readonly digest?: boolean;
}

/** The right to sign up once; its secret is shown only here. */
export interface Invitation {
  readonly invitation: string;
  readonly expires_at: string;
}

/** A link that is good once, for a quarter of an hour; it is told only here. */
export interface OneTimeLink {
  readonly name: string;
  readonly url: string;
  readonly expires_at: string;
}

/** One of the caller's installations. */
export interface Device {
  readonly device_id: DeviceId;
  readonly name: string;
  readonly kind: string;
  readonly created_at: string;
  readonly last_seen_at: string;
  readonly current: boolean;
}

/** A conversation as this user sees it. */
export interface Conversation {
  readonly conversation_id: ConversationId;
  readonly kind: ConversationKind;
  readonly visibility: Visibility;
  readonly title?: string | null;
  readonly topic?: string | null;
  readonly member_count: number;
  readonly roster_version: number;
  readonly role?: Role | null;
  readonly history?: History;
  readonly post_role?: LeastRole;
  readonly invite_role?: LeastRole;
  readonly pin_role?: LeastRole;
  readonly slow_mode_s?: number;
  readonly archived?: boolean;
  readonly other?: User | null;
  readonly head: number;
  readonly read: number;
  readonly unread: number;
  readonly mentions?: number;
  readonly flags?: number;
  readonly silenced_until?: string | null;
  readonly last_message_at?: string | null;
  readonly last?: MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged | null;
}

/** A page of conversations; `cursor` asks for the next one and is absent on the last. */
export interface Conversations {
  readonly conversations: readonly Conversation[];
  readonly cursor?: string | null;
}

/** Somebody in a conversation. */
export interface Member {
  readonly user_id: UserId;
  readonly name: string;
  readonly role: Role;
  readonly joined_seq: number;
}

/** A page of members by user id; `cursor` asks for the next one and is absent on the last. */
export interface Members {
  readonly members: readonly Member[];
  readonly roster_version: number;
  readonly cursor?: string | null;
}

/** A refusal over HTTP, `application/problem+json` (RFC 9457); `code` is the one of the `error` frame. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly path?: string | null;
  readonly reason?: string | null;
  readonly position?: number | null;
  readonly retry_after_ms?: number | null;
}

/** A page of reactions by emoji and user id; `cursor` asks for the next one and is absent on the last. */
export interface Reactors {
  readonly reactors: readonly Reactor[];
  readonly cursor?: string | null;
}

/** Somebody who put an emoji on a message, by the entry `seq`. */
export interface Reactor {
  readonly emoji: string;
  readonly user_id: UserId;
  readonly name: string;
  readonly seq: number;
}

/** A page of pinned messages and polls, the last pin first; `cursor` asks for the next one. */
export interface Pins {
  readonly entries: readonly (MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged)[];
  readonly cursor?: string | null;
}

/** A page of what a message said, the oldest first; `cursor` asks for the next one and is absent on the last. */
export interface Versions {
  readonly versions: readonly Version[];
  readonly cursor?: string | null;
}

/** What a message said from the entry `seq` on: its own, or an edit. */
export interface Version {
  readonly seq: number;
  readonly body: string;
  readonly created_at: string;
}

/** A page of voters by user id; `cursor` asks for the next one and is absent on the last. */
export interface Voters {
  readonly voters: readonly Voter[];
  readonly cursor?: string | null;
}

/** Somebody who voted in a poll that is not anonymous. */
export interface Voter {
  readonly user_id: UserId;
  readonly name: string;
  readonly options: readonly number[];
}

/** A page of threads, the last reply first; `cursor` asks for the next one and is absent on the last. */
export interface Threads {
  readonly threads: readonly Thread[];
  readonly cursor?: string | null;
}

/** What hangs on a message, and how far the caller has read it; he has nothing unread in what he does not follow. */
export interface Thread {
  readonly conversation_id: ConversationId;
  readonly thread_seq: number;
  readonly count: number;
  readonly last_seq: number;
  readonly last_at: string;
  readonly following?: boolean;
  readonly read?: number;
  readonly unread?: number;
  readonly mentions?: number;
  readonly root?: MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged | null;
}

/** A page of those who follow a thread, by user id; `cursor` asks for the next one and is absent on the last. */
export interface Followers {
  readonly followers: readonly User[];
  readonly cursor?: string | null;
}

/** All groups of this server, in the order of their names. */
export interface Groups {
  readonly groups: readonly Group[];
}

/** People who are mentioned together. */
export interface Group {
  readonly group_id: number;
  readonly name: string;
  readonly user_ids: readonly UserId[];
}

/** All emoji of this server, in the order of their names; `may_add`: the caller may add one. */
export interface CustomEmojis {
  readonly emoji: readonly CustomEmoji[];
  readonly may_add: boolean;
}

/** An emoji of this server, written `:name:`; its picture is at `path`, and there never changes. */
export interface CustomEmoji {
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

/**
 * The caller's export: a zip of JSON lines and of a page to read, kept for a day.
 *
 * `path` is a link that needs no session, good until `path_until`: asking again tells another. `bytes` is the size of
 * the zip.
 */
export interface Export {
  readonly state: ExportState;
  readonly asked_at?: string | null;
  readonly reason?: ExportFailure | null;
  readonly bytes?: number | null;
  readonly path?: string | null;
  readonly path_until?: string | null;
}

/** How far it is. */
export type ExportState = "none" | "waiting" | "running" | "done" | "failed";

/** Why there is none. */
export type ExportFailure = "ask_operator" | "interrupted";

/** A page of saved messages, the latest saved first; `cursor` asks for the next one and is absent on the last. */
export interface SavedMessages {
  readonly saved: readonly SavedMessage[];
  readonly cursor?: string | null;
}

/** A saved message, and what it says now; `entry` is absent where the user is no member any more. */
export interface SavedMessage {
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly saved_at: string;
  readonly entry?: MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged | null;
}

/** A page of mentions, the latest first; `cursor` asks for the next one and is absent on the last. */
export interface Mentions {
  readonly mentions: readonly Mention[];
  readonly cursor?: string | null;
}

/** A message that mentions the user, read or not; `entry` is absent where he is no member any more. */
export interface Mention {
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly mentioned_at: string;
  readonly entry?: MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged | null;
}

/** A page of conversations with unread messages, the last message first; `cursor` asks for the next one. */
export interface Unreads {
  readonly unreads: readonly UnreadConversation[];
  readonly cursor?: string | null;
}

/** A conversation with unread messages: its last seq, the user's mark, what `heads` count too, the first entries. */
export interface UnreadConversation {
  readonly conversation_id: ConversationId;
  readonly head: number;
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
  readonly entries: readonly (MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged)[];
}

/** All scheduled messages of a user, the next first. */
export interface ScheduledMessages {
  readonly scheduled: readonly ScheduledMessage[];
}

/** A message that waits for its time, or (`refused_code`) was refused at it and waits to be seen. */
export interface ScheduledMessage {
  readonly scheduled_id: number;
  readonly message: SendMessage;
  readonly send_at: string;
  readonly refused_code?: string | null;
}

/** All reminders of a user, the earliest first. */
export interface Reminders {
  readonly reminders: readonly Reminder[];
}

/** A reminder; once it is `due` it stays until it is dismissed. */
export interface Reminder {
  readonly reminder_id: number;
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly remind_at: string;
  readonly due: boolean;
}

/**
 * Who of a conversation's present members has received and read what.
 *
 * `members`: their marks, where there are at most 50. `read_count`: how many besides the caller have read up to `seq`.
 * Both are without reads for who gives no read receipts.
 */
export interface Receipts {
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly member_count: number;
  readonly members?: readonly Receipt[];
  readonly read_count?: number | null;
}

/** How far a member's devices have come and how far he has read; 0: not told. */
export interface Receipt {
  readonly user_id: UserId;
  readonly delivered: number;
  readonly read: number;
}

/** How the caller wants to look to others. */
export interface MyPresence {
  readonly state: ChosenState;
  readonly text: string;
  readonly expires_at: string | null;
  readonly last_seen_to: LastSeenTo;
}

/** A link into a conversation as those see it who made it or moderate there. */
export interface ConversationInvitation {
  readonly invitation_id: number;
  readonly role: Role;
  readonly created_by: UserId;
  readonly created_at: string;
  readonly expires_at: string;
  readonly use_count: number;
  readonly most_uses?: number | null;
  readonly token?: string | null;
}

/** The links that are still good, the newest first. */
export interface ConversationInvitations {
  readonly invitations: readonly ConversationInvitation[];
}

/** Where a link leads, for somebody who may follow it. */
export interface InvitationPreview {
  readonly conversation_id: ConversationId;
  readonly kind: ConversationKind;
  readonly title?: string | null;
  readonly topic?: string | null;
  readonly member_count: number;
  readonly role: Role;
  readonly expires_at: string;
  readonly is_member?: boolean;
}

/** A page of requests by user id; `cursor` asks for the next one and is absent on the last. */
export interface JoinRequests {
  readonly requests: readonly JoinRequest[];
  readonly cursor?: string | null;
}

/** Somebody who asks to be let in. */
export interface JoinRequest {
  readonly user_id: UserId;
  readonly name: string;
  readonly words: string;
  readonly created_at: string;
}

/** The members who are silenced now. */
export interface Silences {
  readonly silences: readonly SilencedMember[];
}

/** A member who may only read for a time. */
export interface SilencedMember {
  readonly user_id: UserId;
  readonly name: string;
  readonly until: string;
}

/** A page of bans by user id; `cursor` asks for the next one and is absent on the last. */
export interface Bans {
  readonly bans: readonly Ban[];
  readonly cursor?: string | null;
}

/** Somebody who neither joins nor is invited. */
export interface Ban {
  readonly user_id: UserId;
  readonly name: string;
  readonly banned_by: UserId;
  readonly created_at: string;
}

/** Whom the caller has blocked, in the order of names. */
export interface Blocks {
  readonly users: readonly User[];
}

/** A page of open reports, the oldest first; `cursor` asks for the next one and is absent on the last. */
export interface Reports {
  readonly reports: readonly Report[];
  readonly cursor?: string | null;
}

/** An open report; `entry` is the message as it is now, and absent when retention took it. */
export interface Report {
  readonly report_id: number;
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly reporter_id: UserId;
  readonly words: string;
  readonly created_at: string;
  readonly taken_by?: UserId | null;
  readonly entry?: MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | PollStarted | PollVoted | PollClosed | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged | null;
}

/** A page of acts, the newest first; `cursor` asks for the next one and is absent on the last. */
export interface Audit {
  readonly acts: readonly AuditRow[];
  readonly cursor?: string | null;
}

/** One act of a moderator or an admin. */
export interface AuditRow {
  readonly audit_id: number;
  readonly at: string;
  readonly actor_id: UserId;
  readonly act: string;
  readonly conversation_id?: ConversationId | null;
  readonly user_id?: UserId | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The commands of the bots in a conversation, in the order of their names. */
export interface SlashCommands {
  readonly commands: readonly SlashCommand[];
}

/** A command that can be called here, as people see it. */
export interface SlashCommand {
  readonly name: string;
  readonly description: string;
  readonly usage: string;
  readonly bot_id: UserId;
}

/** All bots, in the order of their names. */
export interface Bots {
  readonly bots: readonly Bot[];
}

/** A bot of this server; `owner_id` made it. */
export interface Bot {
  readonly user_id: UserId;
  readonly device_id: DeviceId;
  readonly name: string;
  readonly owner_id: UserId;
  readonly scopes: readonly Scope[];
  readonly created_at: string;
}

/** A bot's token, which does not expire; it is shown only here. It speaks as this device. */
export interface BotToken {
  readonly user_id: UserId;
  readonly device_id: DeviceId;
  readonly name: string;
  readonly token: string;
}

/** The webhooks of a conversation, the oldest first. */
export interface Webhooks {
  readonly incoming: readonly IncomingWebhook[];
  readonly outgoing: readonly OutgoingWebhook[];
}

/** An address at which programs leave messages, in the name of who made it. */
export interface IncomingWebhook {
  readonly webhook_id: number;
  readonly name: string;
  readonly created_by: UserId;
  readonly created_at: string;
}

/** A URL that is told every message; once disabled nothing waits for it. */
export interface OutgoingWebhook {
  readonly webhook_id: number;
  readonly name: string;
  readonly url: string;
  readonly created_by: UserId;
  readonly created_at: string;
  readonly failure_count?: number;
  readonly disabled_at?: string | null;
  readonly disabled_for?: string | null;
}

/** Where to leave messages, as a path of this server; whoever knows it may. It is shown only here. */
export interface IncomingWebhookAddress {
  readonly webhook_id: number;
  readonly path: string;
}

/** What signs the deliveries (Standard Webhooks, `whsec_...`). */
export interface OutgoingWebhookSecret {
  readonly webhook_id: number;
  readonly secret: string;
}

/** Defaults until `welcome` tells this server's own. */
export const LIMITS = {
  frame_bytes: 65536,
  frames_per_message: 64,
  body_bytes: 16384,
  name_code_points: 64,
  title_code_points: 128,
  topic_code_points: 1024,
  emoji_bytes: 64,
  reaction_kinds: 50,
  pins: 100,
  question_code_points: 300,
  option_code_points: 100,
  poll_options: 10,
  mentions: 50,
  page_entries: 200,
  heads_rows: 1000,
  compare_rows: 200,
  focus_ids: 100,
  status_code_points: 140,
  members: 10000,
  commands_in_flight: 100,
} as const;

/** Numbers of the client rules. */
export const CONSTANTS = {
  HOLD_BACK_ENTRIES: 500,
  HOLD_BACK_S: 0.15,
  HOLE_ENTRIES: 1000,
  PONG_WITHIN_S: 10.0,
  HEARTBEAT_S: 25.0,
  TOKEN_LIFE_S: 600.0,
} as const;

/** Below 4400, and after 4408: connect again; after the others: change something first. */
export const CLOSE_CODES = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  BAD_UTF8: 1007,
  MESSAGE_TOO_BIG: 1009,
  RESTART: 1012,
  DRAINED: 4000,
  TOO_SLOW: 4001,
  NO_PONG: 4002,
  SERVER_ERROR: 4003,
  STATE_LOST: 4004,
  RATE: 4005,
  MOVED: 4006,
  BAD_FRAME: 4400,
  NOT_AUTHENTICATED: 4401,
  FORBIDDEN: 4403,
  NO_HELLO: 4408,
  REPLACED: 4409,
  DEVICE_REVOKED: 4410,
  TOO_BIG: 4413,
  UPGRADE_CLIENT: 4426,
  BANNED: 4429,
} as const;

/** Codes of refusals; true: the same command with the same key may be sent again. */
export const RETRYABLE = {
  bad_frame: false,
  bad_query: false,
  bad_request: false,
  conflict: false,
  forbidden: false,
  gone: false,
  internal: true,
  key_reused: false,
  not_found: false,
  rate_limited: true,
  token_expired: false,
  too_large: false,
  unauthenticated: false,
  unavailable: true,
} as const;

export const SUBPROTOCOLS = ["seriatim.v1.json", "seriatim.v1.msgpack"] as const;
