/** Wire types of Seriatim, made from the server's structs (seriatim.protocol.documents.typescript): do not edit. */

type Branded<Base, Name extends string> = Base & { readonly __brand: Name };

export type Entry = MessageSent | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged;

/** A message of the main timeline. */
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
  readonly body: string;
  readonly target_seq?: number | null;
}

export type ConversationId = Branded<number, "ConversationId">;

export type UserId = Branded<number, "UserId">;

export type DeviceId = Branded<number, "DeviceId">;

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

/** Who may find and join a conversation: its members only, or everybody on this server. */
export type Visibility = "private" | "public";

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
}

/** Rights within one conversation, rising. */
export type Role = "member" | "admin" | "owner";

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
}

export type ServerFrame = Welcome | Heads | Pong | Drain | Ok | Error | Sent | Event | Page | Gap | Compared | SelfChanged;

/**
 * The session is live. `heads` changed since the resume token, or are all; `more` says that `heads` frames follow.
 *
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
  readonly page_entries: number;
  readonly heads_rows: number;
  readonly compare_rows: number;
  readonly focus_ids: number;
  readonly members: number;
  readonly commands_in_flight: number;
}

/** A conversation's position and this user's counts, as an array of seven. */
export type HeadRow = readonly [conversation_id: ConversationId, head: number, read: number, delivered: number, unread: number, mentions: number, flags: number];

/** Further rows of `welcome`, 1,000 each, the newest conversations first. */
export interface Heads {
  readonly type: "heads";
  readonly rows: readonly HeadRow[];
  readonly more: boolean;
}

/** Heads of every conversation that moved since this session last asked; the token is stored after all before it. */
export interface Pong {
  readonly type: "pong";
  readonly heads: readonly HeadRow[];
  readonly resume_token: string;
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
  readonly entry: MessageSent | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged;
}

/**
 * Every entry of the asked range, oldest first, in its state at `head`.
 *
 * `first_kept`: the oldest seq this user can be given. `complete`: the range reaches its end in the asked direction.
 */
export interface Page {
  readonly type: "page";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly epoch: string;
  readonly entries: readonly (MessageSent | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged)[];
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
  readonly what: OwnRead | DevicesChanged;
}

/** The user read up to `seq` on another device; the counts are the server's. */
export interface OwnRead {
  readonly change: "read";
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly unread: number;
  readonly mentions: number;
}

/** A device of this user was added, renamed or revoked: list them again. */
export interface DevicesChanged {
  readonly change: "devices";
}

export type AnyCommand = Hello | Ping | Focus | Renew | Fetch | Compare | Read | Create | SendMessage | Join | Leave | Invite | Remove | SetRole | SetSettings;

/** The first frame of a session, within 10 s; the token is never in the URL; `inactive` is reserved. */
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

/** The conversations on screen: they are never folded into `gap` before the others; `inactive` is reserved. */
export interface Focus {
  readonly type: "focus";
  readonly conversation_ids?: readonly ConversationId[];
  readonly inactive?: boolean;
}

/** A fresh access token for this session; answered by `ok`. */
export interface Renew {
  readonly type: "renew";
  readonly id: number;
  readonly token: string;
}

/** Entries of one conversation, at most `limit`: after, before, around a seq, or the newest; answered by `page`. */
export interface Fetch {
  readonly type: "fetch";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly after?: number | null;
  readonly before?: number | null;
  readonly around?: number | null;
  readonly limit?: number;
}

/** Which of these (conversation_id, seq, client_id, created_at) the log has; answered by `compared`. */
export interface Compare {
  readonly type: "compare";
  readonly id: number;
  readonly entries: readonly (readonly [ConversationId, number, string, string])[];
}

/** The user has read up to `seq`; the watermark never falls; answered by `ok`. */
export interface Read {
  readonly type: "read";
  readonly id: number;
  readonly conversation_id: ConversationId;
  readonly seq: number;
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

/** A message; `target_seq` makes it a quoting reply; `trace` asks for its hops in `sent`. */
export interface SendMessage {
  readonly type: "send";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly body: string;
  readonly target_seq?: number | null;
  readonly trace?: boolean;
}

/** Become a member of a public conversation. */
export interface Join {
  readonly type: "join";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
}

/** Stop being a member; the last owner of a conversation with other members hands over first. */
export interface Leave {
  readonly type: "leave";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
}

/** Add somebody at once. */
export interface Invite {
  readonly type: "invite";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly user_id: UserId;
  readonly role?: Role;
}

/** Take somebody out; he keeps what he could read so far. */
export interface Remove {
  readonly type: "remove";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly user_id: UserId;
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

/** Change the settings named; absent ones stay. */
export interface SetSettings {
  readonly type: "set_settings";
  readonly id: number;
  readonly client_id: string;
  readonly conversation_id: ConversationId;
  readonly title?: string | null;
  readonly topic?: string | null;
  readonly visibility?: Visibility | null;
}

export type MembershipCommand = Join | Leave | Invite | Remove | SetRole | SetSettings;

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
}

/** People found, best match first. */
export interface Users {
  readonly users: readonly User[];
}

/** The caller himself. */
export interface Me {
  readonly user_id: UserId;
  readonly name: string;
  readonly device_id: DeviceId;
  readonly server_admin: boolean;
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
  readonly other?: User | null;
  readonly head: number;
  readonly read: number;
  readonly unread: number;
  readonly mentions?: number;
  readonly flags?: number;
  readonly last_message_at?: string | null;
  readonly last?: MessageSent | ConversationCreated | MemberAdded | MemberLeft | RoleChanged | SettingsChanged | null;
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
  readonly retry_after_ms?: number | null;
}

/** Defaults until `welcome` tells this server's own. */
export const LIMITS = {
  frame_bytes: 65536,
  frames_per_message: 64,
  body_bytes: 16384,
  name_code_points: 64,
  title_code_points: 128,
  topic_code_points: 1024,
  page_entries: 200,
  heads_rows: 1000,
  compare_rows: 200,
  focus_ids: 100,
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
