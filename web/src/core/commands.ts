/** What a tab answers about threads, polls, changes of messages and members, and how it ends: nobody needs it who only reads and writes. */

import { OFFLINE, done, refused } from "./answer.ts";
import { keepMessage, wrongIn, type Handler } from "./asks.ts";
import type { Desk } from "./desk.ts";
import { History } from "./history.ts";
import type { OutboxCommand } from "./link/actions.ts";
import type { Question } from "./link/questions.ts";
import { nextClientId } from "./outbox/order.ts";
import type { Answer, ConversationId, Input, OpenedThread } from "./port.ts";
import { outboxRecord } from "./sync/apply.ts";

const COMMAND_WITHIN_MS = 15_000;
/** How many replies a thread begins with, and how many more come at a time. */
const THREAD_ROWS = 50;

type CommandName =
  | "log_out" | "log_out_everywhere" | "open_thread" | "read_thread" | "follow_thread" | "start_poll" | "change" | "forward" | "create" | "join" | "leave" | "invite" | "remove"
  | "set_role" | "set_settings";
export type CommandHandlers = { readonly [Name in CommandName]: Handler<Name> };

/** Return the handlers of one started tab. */
export function commands(desk: Desk): CommandHandlers {
  return {
    log_out: () => desk.leave(() => desk.http.logOut()),
    log_out_everywhere: () => desk.leave(() => desk.http.logOutEverywhere()),
    open_thread: (input) => openThread(desk, input),
    read_thread: (input) => tell(desk, { type: "read", ...input }),
    follow_thread: (input) => tell(desk, { type: "set_mine", ...input }),
    start_poll: ({ closes_at, ...poll }) =>
      keepMessage(desk, (client_id) => ({
        type: "start_poll", id: 0, client_id, ...poll, closes_at: closes_at === null ? null : new Date(closes_at).toISOString(),
      })),
    change: (input) => change(desk, input),
    forward: (input) => membership(desk, (key) => ({ type: "forward", ...key, ...input })),
    create: async (input) => {
      const created = await command(desk, (client_id) => ({ type: "create", id: 0, client_id, ...input }));
      return created.ok ? done({ conversation_id: created.value }) : created;
    },
    join: (input) => membership(desk, (key) => ({ type: "join", ...key, ...input })),
    leave: (input) => membership(desk, (key) => ({ type: "leave", ...key, ...input })),
    invite: (input) => invite(desk, input),
    remove: (input) => membership(desk, (key) => ({ type: "remove", ...key, ...input })),
    set_role: (input) => membership(desk, (key) => ({ type: "set_role", ...key, ...input })),
    set_settings: (input) => membership(desk, (key) => ({ type: "set_settings", ...key, ...input })),
  };
}

async function change(desk: Desk, { conversation_id, target_seq, wish }: Input<"change">): Promise<Answer<Record<never, never>>> {
  const wrong = wish.type === "edit" ? wrongIn(wish.body) : null;
  if (wrong !== null) return wrong;
  await desk.write(() => {
    const client_id = nextClientId(Date.now(), desk.mirror.lastKey());
    return { outbox: [outboxRecord({ id: 0, client_id, conversation_id, target_seq, ...wish }, desk.session, Date.now())] };
  });
  return done({});
}

/** Have the leader ask the server, and wait for its answer. */
export async function tell(desk: Desk, question: Question): Promise<Answer<Record<never, never>>> {
  const answer = await desk.ask({ type: "tell", question });
  return answer.ok ? done({}) : answer;
}

async function openThread(desk: Desk, { conversation_id: id, thread_seq, before }: Input<"open_thread">): Promise<Answer<OpenedThread>> {
  const { mirror, store } = desk;
  const history = new History(store, mirror, (conversation_id, where, limit) => desk.ask({ type: "page", conversation_id, where, limit }));
  const answer = await desk.ask({ type: "thread", conversation_id: id, thread_seq, before, limit: THREAD_ROWS });
  if (!answer.ok && answer.error.code !== "offline") return answer;
  const low = answer.ok ? (answer.value as { readonly low: number }).low : 0;
  const root = await history.row(id, thread_seq);
  const replies = (await store.replies(id, thread_seq, thread_seq)).filter(({ seq }) => (seq ?? 0) >= low && (before === null || (seq ?? 0) < before));
  return done({
    root: root?.kind === "message" ? root : null,
    replies,
    reaches_start: answer.ok && low === 0,
    offline: !answer.ok,
    draft: mirror.draft(id, thread_seq),
    pending: mirror.pending(id).filter((row) => row.thread_seq === thread_seq),
  });
}

/** Keep a command, and wait for what becomes of it; without a connection it is refused and not kept. */
async function command(desk: Desk, make: (client_id: string) => OutboxCommand): Promise<Answer<ConversationId>> {
  if (desk.mirror.link !== "live" && desk.mirror.link !== "syncing") return OFFLINE;
  const client_id = nextClientId(Date.now(), desk.mirror.lastKey());
  const settled = desk.outcome(client_id);
  await desk.write(() => ({ outbox: [outboxRecord(make(client_id), desk.session, Date.now())] }));
  const late = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), COMMAND_WITHIN_MS);
  });
  const outcome = (await Promise.race([settled, late]))?.outcome;
  if (outcome?.type === "stored") return done(outcome.conversation_id);
  if (outcome?.type === "refused") return { ok: false, error: outcome.error };
  return refused("unavailable", "not answered yet: it is done as soon as there is a connection");
}

/** Add people; those with a guest's account can only be guests. */
async function invite(desk: Desk, { conversation_id, user_ids }: Input<"invite">): Promise<Answer<Record<never, never>>> {
  const found = await desk.http.usersById(user_ids);
  if (!found.ok) return found;
  const guests = new Set(found.value.users.filter(({ guest }) => guest === true).map(({ user_id }) => user_id));
  for (const role of ["member", "guest"] as const) {
    const ids = user_ids.filter((id) => guests.has(id) === (role === "guest"));
    if (ids.length === 0) continue;
    const answer = await membership(desk, (key) => ({ type: "invite", ...key, conversation_id, user_ids: ids, role }));
    if (!answer.ok) return answer;
  }
  return done({});
}

async function membership(
  desk: Desk,
  make: (key: { readonly id: number; readonly client_id: string }) => OutboxCommand,
): Promise<Answer<Record<never, never>>> {
  const answer = await command(desk, (client_id) => make({ id: 0, client_id }));
  return answer.ok ? done({}) : answer;
}
