/** What entries do to the conversation they are in: title, roles, number of members, last message; pure. */

import type { MessageRow, Rules, UserId } from "../port.ts";
import type { Conversation, Entry, MemberAdded } from "../protocol/types.ts";
import { UNKNOWN, type Position } from "../link/actions.ts";
import type { ConversationRecord } from "../store/schema.ts";
import { summary } from "../text/tokens.ts";
import { isChange } from "./changes.ts";
import { rowOf } from "./rows.ts";

/** What the server leaves out of a conversation. */
export const DEFAULT_RULES: Rules = { archived: false, history: "joined", post_role: "member", invite_role: "admin", slow_mode_s: 0 };

/** Return the record of a conversation of which only its id is known. */
export function unknownConversation(id: ConversationRecord["conversation_id"]): ConversationRecord {
  return {
    conversation_id: id, position: UNKNOWN, details_head: -1, kind: "group", visibility: "private", title: null, topic: null, other: null,
    role: null, member_count: 0, pin_role: "admin", roster_version: 0, last_message_at: null, last: null,
  };
}

/** Return the record with these entries in it (rising) and the position stored with them; its last message is `withLast`'s. */
export function folded(record: ConversationRecord, entries: readonly Entry[], position: Position, me: UserId): ConversationRecord {
  return entries.reduce((so, entry) => fold(so, entry, me), { ...record, position });
}

/** Return the record with this row, of the main timeline, as its last message, if it is the newest or the same as it is now. */
export function withLast(record: ConversationRecord, row: MessageRow): ConversationRecord {
  const { seq, sender_id, created_at } = row;
  if (seq === null || seq < (record.last?.seq ?? 0)) return record;
  return { ...record, last: { seq, sender_id, text: summary(row.tokens) }, last_message_at: created_at };
}

/** Return the record with what the server says of the conversation; its position is the link's. What is older than entries held here changes nothing. */
export function detailed(record: ConversationRecord, found: Conversation): ConversationRecord {
  // It is still to be asked for: see Details.
  if (found.head < (record.settings_seq ?? 0) || found.roster_version < record.roster_version) return record;
  const other = found.other ?? null;
  const now: ConversationRecord = {
    ...record,
    details_head: found.head,
    kind: found.kind,
    visibility: found.visibility,
    title: found.title ?? null,
    topic: found.topic ?? null,
    other: other === null ? record.other : { user_id: other.user_id, name: other.name },
    role: found.role ?? null,
    member_count: found.member_count,
    pin_role: found.pin_role ?? "admin",
    rules: rulesIn(found, DEFAULT_RULES),
    roster_version: found.roster_version,
    last_message_at: found.last_message_at == null ? record.last_message_at : Date.parse(found.last_message_at),
  };
  const last = found.last == null ? null : rowOf(found.last);
  // The same one is known here as later entries have made it.
  return last?.kind === "message" && (last.seq ?? 0) > (record.last?.seq ?? 0) ? withLast(now, last) : now;
}

function fold(record: ConversationRecord, entry: Entry, me: UserId): ConversationRecord {
  if (isChange(entry)) return record;
  switch (entry.kind) {
    case "message_sent":
    case "poll_started":
      return record;
    case "settings_changed":
      return entry.seq <= record.details_head ? record : withSettings(record, entry);
    case "conversation_created":
    case "member_added":
    case "member_left":
    case "role_changed":
      return (entry.roster_version ?? 0) <= record.roster_version ? record : withRoster(record, entry, me);
    default:
      entry satisfies never;
      return record;
  }
}

function withSettings(record: ConversationRecord, entry: Extract<Entry, { kind: "settings_changed" }>): ConversationRecord {
  return {
    ...record,
    settings_seq: entry.seq,
    title: entry.title ?? record.title,
    topic: entry.topic ?? record.topic,
    visibility: entry.visibility ?? record.visibility,
    pin_role: entry.pin_role ?? record.pin_role,
    rules: rulesIn(entry, record.rules ?? DEFAULT_RULES),
  };
}

/** Return the rules that are told here; those that are not stay. */
function rulesIn(told: { readonly [Name in keyof Rules]?: Rules[Name] | null }, before: Rules): Rules {
  const names = Object.keys(before) as (keyof Rules)[];
  return Object.fromEntries(names.map((name) => [name, told[name] ?? before[name]])) as unknown as Rules;
}

/** Return everybody who was added, one or several. */
function added(entry: MemberAdded): readonly UserId[] {
  return entry.user_ids ?? [entry.user_id];
}

type RosterEntry = Extract<Entry, { kind: "conversation_created" | "member_added" | "member_left" | "role_changed" }>;

function withRoster(record: ConversationRecord, entry: RosterEntry, me: UserId): ConversationRecord {
  const now = { ...record, roster_version: entry.roster_version ?? record.roster_version };
  switch (entry.kind) {
    case "conversation_created":
      return { ...now, member_count: entry.members.length, title: entry.title ?? null, visibility: entry.visibility, kind: entry.conversation_kind };
    case "member_added":
      return {
        ...now,
        member_count: now.member_count + added(entry).length,
        role: added(entry).includes(me) ? entry.role : now.role,
      };
    case "member_left":
      return { ...now, member_count: Math.max(0, now.member_count - 1), role: entry.user_id === me ? null : now.role };
    case "role_changed":
      return { ...now, role: entry.user_id === me ? entry.role : now.role };
    default:
      entry satisfies never;
      return now;
  }
}
