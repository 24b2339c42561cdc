/** What a page asks about people and places: ways in, moderation, blocks, webhooks and slash commands. Types only. */

import type { MessageRow, Person } from "../port.ts";
import type { ConversationId, History, InvitationPreview, LeastRole, Resolution, Role, UserId } from "../protocol/types.ts";

export type { History, InvitationPreview, Resolution } from "../protocol/types.ts";

/** How a conversation is governed; roles are the lowest that may. */
export interface Rules {
  /** Nothing is written in it until it is taken back. */
  readonly archived: boolean;
  /** What is read of the time before one joined. */
  readonly history: History;
  readonly post_role: LeastRole;
  readonly invite_role: LeastRole;
  /** Seconds that a member waits between two messages; 0: none. */
  readonly slow_mode_s: number;
}

/** A link into a conversation that is still good; times in milliseconds since 1970. */
export interface InvitationRow {
  readonly invitation_id: number;
  readonly role: Role;
  readonly by: Person;
  readonly expires_at: number;
  readonly use_count: number;
  readonly most_uses: number | null;
}

export interface JoinRequestRow extends Person {
  readonly words: string;
}

export interface SilencedRow extends Person {
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface BannedRow extends Person {
  readonly by: Person;
  readonly created_at: number;
}

/** A message that moderators should look at. */
export interface ReportRow {
  readonly report_id: number;
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly reporter: Person;
  readonly words: string;
  readonly created_at: number;
  /** Who deals with it; null: nobody yet. */
  readonly taken_by: Person | null;
  /** The message as it is now; null: it is gone. */
  readonly row: MessageRow | null;
  readonly author: Person | null;
}

/** One act of a moderator or admin; `act` is the server's name for it. */
export interface AuditedRow {
  readonly audit_id: number;
  readonly at: number;
  readonly actor: Person;
  readonly act: string;
  readonly conversation_id: ConversationId | null;
  /** Whom it concerned. */
  readonly whom: Person | null;
  /** As the server gives them, by act. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface SlashRow {
  readonly name: string;
  readonly description: string;
  readonly usage: string;
}

export interface WebhookRow {
  readonly webhook_id: number;
  readonly name: string;
  readonly by: Person;
  /** Of an outgoing one: what is told; null: it is an address at which programs leave messages. */
  readonly url: string | null;
  /** Why nothing waits for it any more. */
  readonly disabled_for: string | null;
}

type Done = Record<never, never>;
interface Here {
  readonly conversation_id: ConversationId;
}
interface There {
  readonly user_id: UserId;
}

/** Asks that HTTP answers; refused `offline` without a network, and never kept. */
export interface PlaceAsks {
  /** Answered with the token, which is told only here; `life_s` in seconds. */
  make_invitation: [Here & { life_s: number; most_uses: number | null }, { token: string }];
  invitations: [Here, readonly InvitationRow[]];
  revoke_invitation: [Here & { invitation_id: number }, Done];
  preview_invitation: [{ token: string }, InvitationPreview];
  follow_invitation: [{ token: string }, Here];
  ask_to_join: [Here & { words: string }, Done];
  /** Who asks to be let in; one is accepted by `invite`. */
  join_requests: [Here, readonly JoinRequestRow[]];
  refuse_request: [Here & There, Done];

  /** Until when a member only reads, in milliseconds since 1970; null: he may speak again. */
  silence: [Here & There & { until: number | null }, Done];
  silences: [Here, readonly SilencedRow[]];
  unban: [Here & There, Done];
  bans: [Here, readonly BannedRow[]];
  block: [There, Done];
  unblock: [There, Done];
  blocks: [Done, readonly Person[]];
  report: [Here & { seq: number; words: string }, Done];
  /** Open reports, the oldest first; null: of all conversations, for an admin of the server. */
  reports: [{ conversation_id: ConversationId | null }, readonly ReportRow[]];
  take_report: [{ report_id: number }, Done];
  resolve_report: [{ report_id: number; resolution: Resolution }, Done];
  /** The newest first, at most 200. */
  audit: [{ conversation_id: ConversationId | null }, readonly AuditedRow[]];
  my_rights: [Done, { readonly server_admin: boolean; readonly guest: boolean }];

  slash_commands: [Here, readonly SlashRow[]];
  /** What the bot says to this user alone; empty: nothing. */
  slash: [Here & { name: string; text: string }, { text: string }];

  webhooks: [Here, readonly WebhookRow[]];
  /** Answered with what is told only here: the address as a path of the server, or the secret that signs. */
  make_webhook: [Here & { name: string; url: string | null }, { secret: string }];
  enable_webhook: [Here & { webhook_id: number }, Done];
  remove_webhook: [Here & { webhook_id: number }, Done];
}

export type PlaceName = keyof PlaceAsks;
