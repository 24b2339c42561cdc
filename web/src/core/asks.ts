/** What a started tab answers its page. */

import { OFFLINE, done, refused } from "./answer.ts";
import type { Desk } from "./desk.ts";
import { History } from "./history.ts";
import type { OutboxCommand } from "./link/actions.ts";
import type { Question } from "./link/questions.ts";
import { nextClientId } from "./outbox/order.ts";
import type {
  Answer, AskName, ConversationId, ConversationRow, Input, MessageRow, Opened, OpenedThread, Output, Started,
} from "./port.ts";
import { LIMITS } from "./protocol/types.ts";
import type { DraftPlace } from "./store/schema.ts";
import { outboxRecord, settledOf } from "./sync/apply.ts";
import { pendingRow } from "./sync/rows.ts";
import { firstUnread } from "./sync/unread.ts";

const FIRST_CONVERSATIONS = 40;
/** How long an opened conversation waits for the server before it shows what is here. */
const OPEN_WITHIN_MS = 5_000;
const COMMAND_WITHIN_MS = 15_000;
/** How many replies a thread begins with, and how many more come at a time. */
const THREAD_ROWS = 50;
/** How far the oldest unread row is looked for. */
const UNREAD_ROWS = 200;

type Handler<Name extends AskName> = (input: Input<Name>) => Promise<Answer<Output<Name>>>;
type Started_ = Exclude<AskName, "start" | "sign_up" | "log_in">;
export type Handlers = { readonly [Name in Started_]: Handler<Name> };

/** What is not needed to read and write: the module that answers it is loaded when it is first asked. */
const LISTS = [
  "members", "search_users", "search_channels", "devices", "rename_device", "revoke_device", "reactors", "versions", "voters", "pins", "groups",
  "save_message", "remind",
] as const;
export type ListName = (typeof LISTS)[number];

/** Return the handlers of one started tab. */
export function handlers(desk: Desk): Handlers {
  const history = (): History =>
    new History(desk.store, desk.mirror, (conversation_id, where, limit) => desk.ask({ type: "page", conversation_id, where, limit }));
  return {
    log_out: () => desk.leave(() => desk.http.logOut()),
    log_out_everywhere: () => desk.leave(() => desk.http.logOutEverywhere()),
    open: (input) => open(desk, history(), input),
    close: async ({ conversation_id }) => {
      desk.open.delete(conversation_id);
      desk.look();
      return done({});
    },
    older: async ({ conversation_id, seq, limit }) => done(await history().older(conversation_id, seq, limit)),
    newer: async ({ conversation_id, seq, limit }) => done(await history().newer(conversation_id, seq, limit)),
    row: async ({ conversation_id, seq }) => done(await history().row(conversation_id, seq)),
    open_thread: (input) => openThread(desk, history(), input),
    read_thread: (input) => tell(desk, { type: "read", ...input }),
    follow_thread: (input) => tell(desk, { type: "set_mine", ...input }),
    mark_unread: (input) => tell(desk, { type: "set_mine", marked_unread: true, ...input }),
    send: (input) => send(desk, input),
    start_poll: ({ closes_at, ...poll }) =>
      keepMessage(desk, (client_id) => ({
        type: "start_poll", id: 0, client_id, ...poll, closes_at: closes_at === null ? null : new Date(closes_at).toISOString(),
      })),
    change: (input) => change(desk, input),
    forward: (input) => membership(desk, (key) => ({ type: "forward", ...key, ...input })),
    retry: (input) => retry(desk, input),
    discard: (input) => discard(desk, input.client_id),
    read: async ({ conversation_id, seq }) => {
      await desk.ask({ type: "read", conversation_id, seq });
      return done({});
    },
    create: async (input) => {
      const created = await command(desk, (client_id) => ({ type: "create", id: 0, client_id, ...input }));
      return created.ok ? done({ conversation_id: created.value }) : created;
    },
    join: (input) => membership(desk, (key) => ({ type: "join", ...key, ...input })),
    leave: (input) => membership(desk, (key) => ({ type: "leave", ...key, ...input })),
    invite: (input) => membership(desk, (key) => ({ type: "invite", ...key, ...input })),
    remove: (input) => membership(desk, (key) => ({ type: "remove", ...key, ...input })),
    set_role: (input) => membership(desk, (key) => ({ type: "set_role", ...key, ...input })),
    set_settings: (input) => membership(desk, (key) => ({ type: "set_settings", ...key, ...input })),
    ...later(desk),
    save_draft: async ({ conversation_id, thread_seq, draft }) => {
      await desk.write(() => ({ drafts: [[[conversation_id, thread_seq], draft]] }));
      return done({});
    },
    visible: async ({ visible }) => {
      desk.visible(visible);
      return done({});
    },
    network: async () => {
      desk.wake();
      return done({});
    },
  };
}

/** What the page paints first. */
export function started(desk: Desk): Started {
  const { mirror } = desk;
  return {
    session: desk.session,
    conversations: mirror.rows().slice(0, FIRST_CONVERSATIONS),
    people: [...mirror.people.values()],
    link: mirror.link,
    storage: desk.store.kind,
  };
}

async function open(desk: Desk, history: History, { conversation_id: id, at }: Input<"open">): Promise<Answer<Opened>> {
  const { mirror } = desk;
  desk.open.add(id);
  desk.look();
  const isReady = (): boolean => mirror.row(id) !== null && mirror.conversations.get(id)?.position.cursor != null;
  const cannot = (): boolean => mirror.link === "offline";
  await desk.until(() => isReady() || cannot(), OPEN_WITHIN_MS);
  const row: ConversationRow | null = mirror.row(id);
  if (row === null) {
    desk.open.delete(id);
    return cannot() ? OFFLINE : refused("not_found", "there is no such conversation");
  }
  const target = at === "unread" ? (row.unread > 0 ? row.read + 1 : "end") : at;
  const page = target === "end" ? await history.newest(id) : await history.around(id, target);
  // Once more: rows may have come while the page was read, and what is read here must continue what `rows` notes tell.
  const conversation = mirror.row(id) ?? row;
  return done({
    ...page,
    reaches_end: page.reaches_end && (page.rows.at(-1)?.seq ?? 0) >= (mirror.conversations.get(id)?.position.cursor ?? 0),
    conversation,
    pending: mirror.pending(id),
    changes: mirror.changes(id),
    unread_seq: conversation.unread > 0 ? await oldestUnread(desk, history, conversation) : null,
    draft: mirror.draft(id, 0),
    people: [...mirror.people.values()],
  });
}

async function oldestUnread(desk: Desk, history: History, { conversation_id, read }: ConversationRow): Promise<number | null> {
  const rows = await history.above(conversation_id, read, UNREAD_ROWS);
  return firstUnread(rows, read, desk.session.user_id);
}

async function openThread(desk: Desk, history: History, { conversation_id: id, thread_seq, before }: Input<"open_thread">): Promise<Answer<OpenedThread>> {
  const { mirror, store } = desk;
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

async function send(desk: Desk, { conversation_id, body, target_seq, thread_seq, broadcast, mentions }: Input<"send">): Promise<Answer<Output<"send">>> {
  const wrong = wrongIn(body);
  if (wrong !== null) return wrong;
  const thread = thread_seq === 0 ? {} : { thread_seq, broadcast };
  return keepMessage(
    desk,
    (client_id) => ({ type: "send", id: 0, client_id, conversation_id, body, target_seq, ...thread, ...(mentions.length > 0 && { mentions }) }),
    [conversation_id, thread_seq],
  );
}

function wrongIn(body: string): ReturnType<typeof refused> | null {
  if (body.trim() === "") return refused("bad_request", "a message is not empty");
  return new TextEncoder().encode(body).length > LIMITS.body_bytes ? refused("too_large", "the message is too long") : null;
}

/** Keep a message before its bubble is drawn; the draft that it was goes with the same write. */
async function keepMessage(desk: Desk, make: (client_id: string) => OutboxCommand, draft?: DraftPlace): Promise<Answer<{ row: MessageRow }>> {
  let row: MessageRow | null = null;
  await desk.write(() => {
    const record = outboxRecord(make(nextClientId(Date.now(), desk.mirror.lastKey())), desk.session, Date.now());
    row = pendingRow(record, desk.session, "queued");
    return { outbox: [record], ...(draft !== undefined && { drafts: [[draft, null] as const] }) };
  });
  return row === null ? refused("internal", "nothing was written") : done({ row });
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

async function tell(desk: Desk, question: Question): Promise<Answer<Record<never, never>>> {
  const answer = await desk.ask({ type: "tell", question });
  return answer.ok ? done({}) : answer;
}

/** Return handlers that load the module of the real ones when they are called. */
function later(desk: Desk): Pick<Handlers, ListName> {
  const handler = (name: ListName) => async (input: never): Promise<Answer<unknown>> => {
    const { lists } = await import("./lists.ts");
    return lists(desk)[name](input);
  };
  return Object.fromEntries(LISTS.map((name) => [name, handler(name)])) as unknown as Pick<Handlers, ListName>;
}

/** A new place at the end, and so a new key. */
async function retry(desk: Desk, { client_id }: Input<"retry">): Promise<Answer<Record<never, never>>> {
  await desk.write(() => {
    const record = desk.mirror.outbox.get(client_id);
    if (record?.state !== "failed") return {};
    const command = { ...record.command, client_id: nextClientId(Date.now(), desk.mirror.lastKey()) };
    return { settled: [settledOf(record, { type: "discarded" })], outbox: [outboxRecord(command, desk.session, Date.now())] };
  });
  return done({});
}

async function discard(desk: Desk, client_id: string): Promise<Answer<Record<never, never>>> {
  await desk.write(() => {
    const record = desk.mirror.outbox.get(client_id);
    return record === undefined || record.state === "sent" ? {} : { settled: [settledOf(record, { type: "discarded" })] };
  });
  return done({});
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

async function membership(
  desk: Desk,
  make: (key: { readonly id: number; readonly client_id: string }) => OutboxCommand,
): Promise<Answer<Record<never, never>>> {
  const answer = await command(desk, (client_id) => make({ id: 0, client_id }));
  return answer.ok ? done({}) : answer;
}
