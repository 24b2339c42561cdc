/** What a started tab answers its page. */

import { OFFLINE, done, refused } from "./answer.ts";
import type { Desk } from "./desk.ts";
import { History } from "./history.ts";
import type { OutboxCommand } from "./link/actions.ts";
import { nextClientId } from "./outbox/order.ts";
import type {
  Answer, AskName, ConversationRow, Input, MessageRow, Opened, Output, Started,
} from "./port.ts";
import { LIMITS } from "./protocol/types.ts";
import type { DraftPlace } from "./store/schema.ts";
import { outboxRecord, settledOf } from "./sync/apply.ts";
import { draftAfter } from "./sync/drafts.ts";
import { pendingRow } from "./sync/rows.ts";
import { firstUnread } from "./sync/unread.ts";

const FIRST_CONVERSATIONS = 40;
/** How long an opened conversation waits for the server before it shows what is here. */
const OPEN_WITHIN_MS = 5_000;
/** How far the oldest unread row is looked for. */
const UNREAD_ROWS = 200;

export type Handler<Name extends AskName> = (input: Input<Name>) => Promise<Answer<Output<Name>>>;
type FirstName =
  | "open" | "close" | "older" | "newer" | "row" | "send" | "retry" | "discard" | "read" | "save_draft" | "visible" | "network";
export type Handlers = { readonly [Name in FirstName]: Handler<Name> };

/** Return the handlers of one started tab for what all need; rest.ts has the others. */
export function handlers(desk: Desk): Handlers {
  const history = (): History =>
    new History(desk.store, desk.mirror, (conversation_id, where, limit) => desk.ask({ type: "page", conversation_id, where, limit }));
  return {
    open: (input) => open(desk, history(), input),
    close: async ({ conversation_id }) => {
      desk.open.delete(conversation_id);
      desk.look();
      return done({});
    },
    older: async ({ conversation_id, seq, limit }) => done(await history().older(conversation_id, seq, limit)),
    newer: async ({ conversation_id, seq, limit }) => done(await history().newer(conversation_id, seq, limit)),
    row: async ({ conversation_id, seq }) => done(await history().row(conversation_id, seq)),
    send: (input) => send(desk, input),
    retry: (input) => retry(desk, input),
    discard: (input) => discard(desk, input.client_id),
    read: async ({ conversation_id, seq }) => {
      await desk.ask({ type: "read", conversation_id, seq });
      return done({});
    },
    save_draft: async ({ conversation_id, thread_seq, draft }) => {
      await desk.write(() => ({ drafts: [[[conversation_id, thread_seq], draftAfter(desk.mirror.draft(conversation_id, thread_seq), draft, Date.now())]] }));
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

/** Return why this cannot be said; null: it can. */
export function wrongIn(body: string): ReturnType<typeof refused> | null {
  if (body.trim() === "") return refused("bad_request", "a message is not empty");
  return new TextEncoder().encode(body).length > LIMITS.body_bytes ? refused("too_large", "the message is too long") : null;
}

/** Keep a message before its bubble is drawn; the draft that it was goes with the same write. */
export async function keepMessage(desk: Desk, make: (client_id: string) => OutboxCommand, draft?: DraftPlace): Promise<Answer<{ row: MessageRow }>> {
  let row: MessageRow | null = null;
  await desk.write(() => {
    const record = outboxRecord(make(nextClientId(Date.now(), desk.mirror.lastKey())), desk.session, Date.now());
    row = pendingRow(record, desk.session, "queued");
    return { outbox: [record], ...(draft !== undefined && { drafts: [[draft, draftAfter(desk.mirror.draft(...draft), null, Date.now())] as const] }) };
  });
  return row === null ? refused("internal", "nothing was written") : done({ row });
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
