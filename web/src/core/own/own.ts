/** What a tab answers of the user's own: how conversations are for him, his settings, and the lists of what he keeps for later. */

import { done } from "../answer.ts";
import { tell } from "../commands.ts";
import type { Desk } from "../desk.ts";
import { nextClientId } from "../outbox/order.ts";
import { everything } from "../places/pages.ts";
import type { Answer, FollowedThread, KeptMessage, MessageRow, OwnAsks, OwnName, ReminderRow, ScheduledRow, Settings } from "../port.ts";
import type {
  ChangeScheduled, ChangeSettings, Entry, Mentions, Reminders, SavedMessages, ScheduledMessages, ScheduleMessage, SendMessage, Settings as Told, Threads,
} from "../protocol/types.ts";
import { rowOf } from "../sync/rows.ts";

type Handler<Name extends OwnName> = (input: OwnAsks[Name][0]) => Promise<Answer<OwnAsks[Name][1]>>;
export type OwnHandlers = { readonly [Name in OwnName]: Handler<Name> };

/** So many pages of mentions are shown: the inbox is for what is new. */
const MENTION_PAGES = 4;
/** The last moment that the server can name stands for "for ever". */
const FOR_EVER = Date.UTC(9999, 11, 31);

/** Return the handlers of one started tab. */
export function own(desk: Desk): OwnHandlers {
  const { http } = desk;

  async function asked(method: "POST" | "PATCH" | "DELETE", path: string, body: unknown = null): Promise<Answer<Record<never, never>>> {
    const answer = await http.ask<unknown>(method, path, body);
    return answer.ok ? done({}) : answer;
  }

  async function scheduled(): Promise<Answer<ScheduledMessages>> {
    return http.ask<ScheduledMessages>("GET", "/v1/me/scheduled");
  }

  return {
    set_mine: ({ conversation_id, muted_until, ...fields }) =>
      tell(desk, { type: "set_mine", conversation_id, ...fields, ...(muted_until !== undefined && { muted_until: instant(muted_until) }) }),
    read_all: () => tell(desk, { type: "read_all" }),
    settings: () => settings(http.ask<Told>("GET", "/v1/me/settings")),
    change_settings: ({ muted_until, ...fields }) => {
      const change: ChangeSettings = { ...fields, ...(muted_until !== undefined && { muted_until: instant(muted_until) }) };
      return settings(http.ask<Told>("PATCH", "/v1/me/settings", change));
    },
    saved: () =>
      everything<SavedMessages, KeptMessage>(http, "/v1/me/saved", ({ saved }) =>
        saved.map(({ conversation_id, seq, saved_at, entry }) => ({ conversation_id, seq, at: Date.parse(saved_at), row: messageOf(entry) })),
      ),
    unsave_message: ({ conversation_id, seq }) => asked("DELETE", `/v1/me/saved/${conversation_id}/${seq}`),
    mentions: () =>
      everything<Mentions, KeptMessage>(
        http,
        "/v1/me/mentions",
        ({ mentions }) => mentions.map(({ conversation_id, seq, mentioned_at, entry }) => ({ conversation_id, seq, at: Date.parse(mentioned_at), row: messageOf(entry) })),
        MENTION_PAGES,
      ),
    reminders: async () => {
      const found = await http.ask<Reminders>("GET", "/v1/me/reminders");
      if (!found.ok) return found;
      const rows = found.value.reminders.map(async ({ reminder_id, conversation_id, seq, remind_at, due }): Promise<ReminderRow> => {
        // What is not on this device is seen when it is opened.
        const [row] = await desk.store.rows(conversation_id, seq, seq);
        return { reminder_id, conversation_id, seq, at: Date.parse(remind_at), due, row: row?.kind === "message" ? row : null };
      });
      return done(await Promise.all(rows));
    },
    dismiss_reminder: ({ reminder_id }) => asked("DELETE", `/v1/me/reminders/${reminder_id}`),
    scheduled: async () => {
      const found = await scheduled();
      if (!found.ok) return found;
      return done(
        found.value.scheduled.map(
          ({ scheduled_id, message: { conversation_id, body }, send_at, refused_code = null }): ScheduledRow => ({
            scheduled_id, conversation_id, body, at: Date.parse(send_at), refused: refused_code,
          }),
        ),
      );
    },
    schedule: ({ conversation_id, body, target_seq, thread_seq, broadcast, mentions, at }) => {
      const client_id = nextClientId(Date.now(), desk.mirror.lastKey());
      const thread = thread_seq === 0 ? {} : { thread_seq, broadcast };
      const message: SendMessage = { type: "send", id: 0, client_id, conversation_id, body, target_seq, ...thread, mentions };
      return asked("POST", "/v1/me/scheduled", { message, send_at: instant(at) } satisfies ScheduleMessage);
    },
    reschedule: async ({ scheduled_id, body, at }) => {
      const change: { -readonly [Name in keyof ChangeScheduled]: ChangeScheduled[Name] } = {};
      if (at !== undefined) change.send_at = instant(at);
      if (body !== undefined) {
        const found = await scheduled();
        if (!found.ok) return found;
        const one = found.value.scheduled.find((known) => known.scheduled_id === scheduled_id);
        // One that is gone is refused by the server, in its words.
        if (one !== undefined) change.message = { ...one.message, body };
      }
      return asked("PATCH", `/v1/me/scheduled/${scheduled_id}`, change);
    },
    cancel_scheduled: ({ scheduled_id }) => asked("DELETE", `/v1/me/scheduled/${scheduled_id}`),
    followed_threads: () =>
      everything<Threads, FollowedThread>(http, "/v1/me/threads", ({ threads }) =>
        threads.map(({ conversation_id, thread_seq, count, last_at, unread = 0, root }) => ({
          conversation_id, seq: thread_seq, at: Date.parse(last_at), row: messageOf(root), count, unread,
        })),
      ),
  };
}

async function settings(answer: Promise<Answer<Told>>): Promise<Answer<Settings>> {
  const found = await answer;
  if (!found.ok) return found;
  const { muted_until, ...rest } = found.value;
  const until = muted_until === null ? 0 : Date.parse(muted_until);
  return done({ ...rest, muted_until: until > Date.now() ? until : 0 });
}

function instant(at: number): string {
  return new Date(Math.min(at, FOR_EVER)).toISOString();
}

function messageOf(entry: Entry | null | undefined): MessageRow | null {
  const row = entry == null ? null : rowOf(entry);
  return row?.kind === "message" ? row : null;
}

