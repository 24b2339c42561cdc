/** What a started tab answers its page. */

import { OFFLINE, done, refused } from "./answer.ts";
import type { Desk } from "./desk.ts";
import { History } from "./history.ts";
import type { OutboxCommand } from "./link/actions.ts";
import { nextClientId } from "./outbox/order.ts";
import type {
  Answer, AskName, ConversationId, ConversationRow, DeviceRow, FoundChannel, Input, MemberRow, MessageRow, Opened, Output, Started,
} from "./port.ts";
import { LIMITS, type Device } from "./protocol/types.ts";
import { outboxRecord, settledOf } from "./sync/apply.ts";
import { pendingRow } from "./sync/rows.ts";
import { firstUnread } from "./sync/unread.ts";

const FIRST_CONVERSATIONS = 40;
/** How long an opened conversation waits for the server before it shows what is here. */
const OPEN_WITHIN_MS = 5_000;
const COMMAND_WITHIN_MS = 15_000;
const MEMBER_PAGES = 50;
/** How far the oldest unread row is looked for. */
const UNREAD_ROWS = 200;

type Handler<Name extends AskName> = (input: Input<Name>) => Promise<Answer<Output<Name>>>;
type Started_ = Exclude<AskName, "start" | "sign_up" | "log_in">;
export type Handlers = { readonly [Name in Started_]: Handler<Name> };

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
    send: (input) => send(desk, input),
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
    members: ({ conversation_id }) => members(desk, conversation_id),
    search_users: async ({ name }) => {
      if (name.trim() === "") return done([]);
      const found = await desk.http.usersByName(name.trim());
      return found.ok ? done(found.value.users) : found;
    },
    search_channels: ({ name }) => channels(desk, name),
    devices: async () => {
      const found = await desk.http.devices();
      return found.ok ? done(found.value.map(deviceRow)) : found;
    },
    rename_device: async ({ device_id, name }) => {
      const renamed = await desk.http.renameDevice(device_id, { name });
      return renamed.ok ? done({}) : renamed;
    },
    revoke_device: async ({ device_id }) => {
      const revoked = await desk.http.revokeDevice(device_id);
      return revoked.ok ? done({}) : revoked;
    },
    save_draft: async ({ conversation_id, draft }) => {
      await desk.write(() => ({ drafts: [[conversation_id, draft]] }));
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
    unread_seq: conversation.unread > 0 ? await oldestUnread(desk, history, conversation) : null,
    draft: mirror.drafts.get(id) ?? null,
    people: [...mirror.people.values()],
  });
}

async function oldestUnread(desk: Desk, history: History, { conversation_id, read }: ConversationRow): Promise<number | null> {
  const rows = await history.above(conversation_id, read, UNREAD_ROWS);
  return firstUnread(rows, read, desk.session.user_id);
}

async function send(desk: Desk, { conversation_id, body, target_seq }: Input<"send">): Promise<Answer<Output<"send">>> {
  if (body.trim() === "") return refused("bad_request", "a message is not empty");
  if (new TextEncoder().encode(body).length > LIMITS.body_bytes) return refused("too_large", "the message is too long");
  let row: MessageRow | null = null;
  await desk.write(() => {
    const client_id = nextClientId(Date.now(), desk.mirror.lastKey());
    const record = outboxRecord({ type: "send", id: 0, client_id, conversation_id, body, target_seq }, desk.session, Date.now());
    row = pendingRow(record, desk.session, "queued");
    return { outbox: [record], drafts: [[conversation_id, null]] };
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

async function members(desk: Desk, id: ConversationId): Promise<Answer<readonly MemberRow[]>> {
  const found: MemberRow[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MEMBER_PAGES; page += 1) {
    const answer = await desk.http.members(id, cursor);
    if (!answer.ok) return answer;
    found.push(...answer.value.members.map(({ user_id, name, role }) => ({ user_id, name, role })));
    cursor = answer.value.cursor ?? null;
    if (cursor === null) break;
  }
  return done(found);
}

async function channels(desk: Desk, name: string): Promise<Answer<readonly FoundChannel[]>> {
  const found = await desk.http.channels(name.trim());
  if (!found.ok) return found;
  return done(
    found.value.conversations.map((one) => ({
      conversation_id: one.conversation_id,
      title: one.title ?? "",
      topic: one.topic ?? null,
      member_count: one.member_count,
      joined: one.role != null,
    })),
  );
}

function deviceRow(device: Device): DeviceRow {
  return { ...device, created_at: Date.parse(device.created_at), last_seen_at: Date.parse(device.last_seen_at) };
}
