/** What a page asks about the user's own: how conversations are for him, his settings, what he keeps for later. Types only. */

import type { MessageRow, NewMessage } from "../port.ts";
import type { ConversationId, Level, QuietHours } from "../protocol/types.ts";

export type { Level, QuietHours } from "../protocol/types.ts";

/** How a conversation is for this user alone. */
export interface Mine {
  /** What he wants to be told of. */
  readonly level: Level;
  /** Milliseconds since 1970; 0: it is not muted; Infinity: it is, until he ends it or it is not known when. */
  readonly muted_until: number;
  readonly pinned: boolean;
  /** Not shown in the list until a message comes. */
  readonly hidden: boolean;
  readonly marked_unread: boolean;
}

/** A message in a list of the user's own: saved, mentioning him, to be reminded of. */
export interface KeptMessage {
  readonly conversation_id: ConversationId;
  readonly seq: number;
  /** When it was saved or sent, or when he is to be reminded; milliseconds since 1970. */
  readonly at: number;
  /** null: he may not read it any more, or it is not on this device. */
  readonly row: MessageRow | null;
}

export interface ReminderRow extends KeptMessage {
  readonly reminder_id: number;
  readonly due: boolean;
}

/** A message that waits for its time; with `refused` it was refused at it, by this code. */
export interface ScheduledRow {
  readonly scheduled_id: number;
  readonly conversation_id: ConversationId;
  readonly body: string;
  readonly at: number;
  readonly refused: string | null;
}

/** A thread that the user follows; `row`: its root. */
export interface FollowedThread extends KeptMessage {
  readonly count: number;
  readonly unread: number;
}

/** What holds for the user on all of his devices. */
export interface Settings {
  readonly level: Level;
  /** Milliseconds since 1970; 0: nothing is muted. */
  readonly muted_until: number;
  readonly quiet_hours: QuietHours;
  readonly read_receipts: boolean;
}

type Done = Record<never, never>;

export interface OwnAsks {
  /** Absent fields stay; a `muted_until` (milliseconds since 1970) that has passed ends it. */
  set_mine: [{ conversation_id: ConversationId } & Partial<Mine>, Done];
  /** Every conversation, up to its present head; it cannot be taken back. */
  read_all: [Done, Done];
  settings: [Done, Settings];
  change_settings: [Partial<Settings>, Settings];
  /** The latest first. */
  saved: [Done, readonly KeptMessage[]];
  unsave_message: [{ conversation_id: ConversationId; seq: number }, Done];
  /** The latest two hundred, the latest first. */
  mentions: [Done, readonly KeptMessage[]];
  reminders: [Done, readonly ReminderRow[]];
  dismiss_reminder: [{ reminder_id: number }, Done];
  /** The next first. */
  scheduled: [Done, readonly ScheduledRow[]];
  schedule: [NewMessage & { at: number }, Done];
  /** Another text or time; one that was refused is tried again. */
  reschedule: [{ scheduled_id: number; body?: string; at?: number }, Done];
  cancel_scheduled: [{ scheduled_id: number }, Done];
  /** The last reply first. */
  followed_threads: [Done, readonly FollowedThread[]];
}

export type OwnName = keyof OwnAsks;
