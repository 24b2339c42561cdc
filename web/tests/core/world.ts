/** A server in memory and devices that run the real link, store and batches against it, one happening at a time. */

import { isDurable, type Action, type OutboxCommand } from "../../src/core/link/actions.ts";
import type { HeldRow } from "../../src/core/link/epoch.ts";
import { Link } from "../../src/core/link/link.ts";
import { Mirror } from "../../src/core/mirror.ts";
import type { Note, Row } from "../../src/core/port.ts";
import { changedByLost, lostBy, ownAgain } from "../../src/core/outbox/again.ts";
import { nextClientId } from "../../src/core/outbox/order.ts";
import type {
  AnyCommand, ConversationId, DeviceId, Entry, HeadRow, MessageSent, Page, ServerFrame, SessionId, UserId,
} from "../../src/core/protocol/types.ts";
import { LIMITS } from "../../src/core/protocol/types.ts";
import { foreignKeys, leftBehind, ownOutbox } from "../../src/core/outbox/foreign.ts";
import { Memory } from "../../src/core/store/memory.ts";
import type { Batch } from "../../src/core/store/schema.ts";
import { batchOf } from "../../src/core/sync/apply.ts";
import { look } from "../../src/core/sync/look.ts";
import { rowOf } from "../../src/core/sync/rows.ts";
import { leapt } from "../../src/core/sync/stale.ts";
import { unreadAbove } from "../../src/core/sync/unread.ts";

const START = Date.UTC(2026, 0, 1);
export const CONVERSATIONS = [1, 2] as ConversationId[];

/** The log, and each user's watermarks; refuses nothing but what it is told to. */
export class Server {
  epoch = "one";
  readonly logs = new Map<ConversationId, Entry[]>(CONVERSATIONS.map((id) => [id, []]));
  readonly devices: Device[] = [];
  /** So many sends to come are refused for now. */
  refusals = 0;
  readonly #read = new Map<string, number>();

  log(id: ConversationId): Entry[] {
    return this.logs.get(id) ?? [];
  }

  messages(id: ConversationId): MessageSent[] {
    return this.log(id).filter((entry) => entry.kind === "message_sent");
  }

  /** An entry as a page tells it to this user: looked for in the whole log, without a thought for what it said before. */
  now(id: ConversationId, user: UserId, entry: Entry): Entry {
    if (entry.kind !== "message_sent") return entry;
    const later = this.log(id).filter((one) => "target_seq" in one && one.kind !== "message_sent" && one.target_seq === entry.seq);
    const reactions = later.flatMap((one) => (one.kind === "reaction_added" ? [one] : []));
    const edit = later.findLast((one) => one.kind === "message_edited");
    const replies = this.messages(id).filter((one) => one.thread_seq === entry.seq);
    const [last] = replies.slice(-1);
    const changed_seq = later.at(-1)?.seq;
    return {
      ...entry,
      ...(changed_seq !== undefined && { changed_seq }),
      ...(edit?.kind === "message_edited" && { body: edit.body, edited_seq: edit.seq }),
      ...(reactions.length > 0 && { reactions: [["👍", reactions.length, reactions.some(({ sender_id }) => sender_id === user)] as const] }),
      ...(last !== undefined && { thread: { count: replies.length, last_seq: last.seq, last_at: last.created_at } }),
    };
  }

  read(user: UserId, id: ConversationId): number {
    return this.#read.get(`${user}/${id}`) ?? 0;
  }

  unread(user: UserId, id: ConversationId): number {
    return this.messages(id).filter((entry) => entry.thread_seq === undefined && entry.seq > this.read(user, id)).length;
  }

  head(user: UserId, id: ConversationId): HeadRow {
    return [id, this.log(id).length, this.read(user, id), 0, this.unread(user, id), 0, 0];
  }

  /** The log comes back shorter, as after a restored backup. */
  restore(kept: number): void {
    this.epoch += "+";
    for (const [id, log] of this.logs) this.logs.set(id, log.slice(0, kept));
    this.#read.clear();
    for (const id of this.logs.keys()) {
      for (const { sender_id, seq, thread_seq } of this.messages(id)) if (thread_seq === undefined) this.#read.set(`${sender_id}/${id}`, seq);
    }
    for (const device of this.devices) device.cut();
  }

  take(device: Device, command: AnyCommand): void {
    const { user_id, device_id } = device;
    switch (command.type) {
      case "hello": {
        const resumed = command.resume?.epoch === this.epoch ? Number(command.resume.token) : -1;
        const heads = CONVERSATIONS.filter((id) => this.#changed(id) > resumed);
        device.down.push({
          type: "welcome", session_id: "s" as SessionId, user_id, device_id, epoch: this.epoch, heartbeat_ms: 25_000, limits: LIMITS,
          server_time: "2026-01-01T00:00:00Z", resume_token: String(this.#clock), heads: heads.map((id) => this.head(user_id, id)), more: false, own: [],
        });
        device.subscribed = true;
        break;
      }
      case "send":
      case "edit":
      case "react":
        if (this.refusals > 0) {
          this.refusals -= 1;
          device.down.push({ type: "error", id: command.id, code: "rate_limited", message: "too fast", retry_after_ms: 300 });
        } else {
          this.#send(device, command);
        }
        break;
      case "fetch":
        device.down.push(this.page(command.id, user_id, command.conversation_id, command));
        break;
      case "read":
        this.#read.set(`${user_id}/${command.conversation_id}`, Math.max(command.seq, this.read(user_id, command.conversation_id)));
        device.down.push({ type: "ok", id: command.id });
        break;
      case "compare": {
        const equal = command.entries.filter(([id, seq, client_id, created_at]) => {
          const entry = this.log(id)[seq - 1];
          return entry?.client_id === client_id && entry.created_at === created_at;
        });
        device.down.push({ type: "compared", id: command.id, epoch: this.epoch, entries: equal });
        break;
      }
      case "ping": {
        const differing = CONVERSATIONS.filter((id) => command.heads?.[id] !== undefined && command.heads[id] !== this.log(id).length);
        device.down.push({ type: "pong", heads: differing.map((id) => this.head(user_id, id)), resume_token: String(this.#clock), own: [] });
        break;
      }
      default:
        break;
    }
  }

  #clock = 0;
  readonly #changes = new Map<ConversationId, number>();

  #changed(id: ConversationId): number {
    return this.#changes.get(id) ?? 0;
  }

  #send({ user_id, device_id, down }: Device, command: Extract<AnyCommand, { type: "send" | "edit" | "react" }>): void {
    const { conversation_id: id, client_id } = command;
    const log = this.log(id);
    const stored = log.find((entry) => entry.client_id === client_id && entry.device_id === device_id);
    const entry = stored ?? this.#made(user_id, device_id, command);
    if (entry === null) {
      down.push({ type: "error", id: command.id, code: "conflict", message: "no" });
      return;
    }
    if (stored === undefined) {
      log.push(entry);
      if (entry.kind === "message_sent" && entry.thread_seq === undefined) this.#read.set(`${user_id}/${id}`, entry.seq);
      this.#clock += 1;
      this.#changes.set(id, this.#clock);
    }
    const { seq, created_at } = entry;
    for (const device of this.devices) if (device.subscribed) device.down.push({ type: "event", epoch: this.epoch, entry });
    down.push({ type: "sent", id: command.id, conversation_id: id, client_id, seq, created_at, duplicate: stored !== undefined });
  }

  /** Return the entry that the command makes; null: it is refused. */
  #made(user_id: UserId, device_id: DeviceId, command: Extract<AnyCommand, { type: "send" | "edit" | "react" }>): Entry | null {
    const { conversation_id, client_id } = command;
    const log = this.log(conversation_id);
    const fields = {
      conversation_id, seq: log.length + 1, sender_id: user_id, device_id, client_id, created_at: new Date(START + this.#clock).toISOString(),
    };
    if (command.type === "send") {
      const thread_seq = log[(command.thread_seq ?? 0) - 1]?.kind === "message_sent" ? command.thread_seq : undefined;
      const ordinal = this.messages(conversation_id).filter((entry) => entry.thread_seq === thread_seq).length + 1;
      return { ...fields, kind: "message_sent", ordinal, body: command.body, ...(thread_seq != null && { thread_seq }) };
    }
    const target = log[command.target_seq - 1];
    if (target?.kind !== "message_sent") return null;
    const { target_seq } = command;
    if (command.type === "edit") return { ...fields, kind: "message_edited", target_seq, body: command.body, previous: target.body };
    const reacted = log.some((entry) => entry.kind === "reaction_added" && entry.target_seq === target_seq && entry.sender_id === user_id);
    return reacted ? null : { ...fields, kind: "reaction_added", target_seq, emoji: command.emoji };
  }

  page(id: number, user: UserId, conversation_id: ConversationId, { after, before, limit = 50 }: Partial<Record<"after" | "before" | "limit", number | null>>): Page {
    const log = this.log(conversation_id);
    const size = limit ?? 50;
    const found = after == null ? log.slice(0, (before ?? log.length + 1) - 1).slice(-size) : log.slice(after, after + size);
    const complete = after == null ? (found[0]?.seq ?? 1) === 1 : (found.at(-1)?.seq ?? log.length) === log.length;
    const entries = found.map((entry) => this.now(conversation_id, user, entry));
    return { type: "page", id, conversation_id, epoch: this.epoch, entries, head: log.length, first_kept: 1, complete };
  }
}

/** One installation: a store that survives, and the link of the tab that leads. */
export class Device {
  readonly user_id: UserId;
  device_id: DeviceId;
  readonly store = new Memory();
  readonly down: ServerFrame[] = [];
  readonly up: AnyCommand[] = [];
  readonly notes: Note[] = [];
  mirror: Mirror;
  subscribed = false;
  term = 0;
  now = 0;
  /** How many messages were written here. */
  messages = 0;
  #server: Server;
  #link: Link | null = null;
  #foreign: ReadonlySet<string> = new Set();
  #connectAt: number | null = null;
  #sent = 0;

  constructor(server: Server, user: number) {
    this.#server = server;
    this.user_id = user as UserId;
    this.device_id = (user * 100) as DeviceId;
    this.mirror = new Mirror(this.session, { meta: { epoch: null, token: null, self: null }, conversations: [], people: [], outbox: [], drafts: [] });
    server.devices.push(this);
  }

  get session(): { user_id: UserId; device_id: DeviceId; name: string } {
    return { user_id: this.user_id, device_id: this.device_id, name: `user ${this.user_id}` };
  }

  /** A tab takes the lead: it knows what is stored and nothing else. */
  async lead(): Promise<void> {
    this.cut();
    this.#connectAt = null;
    this.term = await this.store.lead();
    this.mirror.load(await this.store.load());
    this.#foreign = foreignKeys(this.mirror.outbox, this.session);
    this.#link = new Link(
      { ...this.session, client: { name: "test", version: "0" } },
      {
        epoch: this.mirror.meta.epoch,
        token: this.mirror.meta.token,
        positions: new Map([...this.mirror.conversations].map(([id, record]) => [id, record.position])),
        outbox: ownOutbox(this.mirror.outbox, this.session),
      },
      () => 0.5,
    );
    await this.#do((link) => link.wake(this.now));
    await this.#do((link) => link.focus(this.now, CONVERSATIONS, false));
  }

  /** The session is over; the same person signs in again in the same browser: another device on the same data. */
  async signInAgain(): Promise<void> {
    this.device_id = (this.device_id + 1) as DeviceId;
    this.mirror = new Mirror(this.session, await this.store.load());
    await this.lead();
  }

  async send(id: ConversationId): Promise<void> {
    this.#sent += 1;
    this.messages += 1;
    const client_id = nextClientId(this.now * 1_000, this.mirror.lastKey());
    const command: OutboxCommand = { type: "send", id: 0, client_id, conversation_id: id, body: `${this.user_id}:${this.#sent}` };
    await this.#do((link) => link.send(this.now, command));
  }

  /** Edit, react to or answer one of the newest messages that are held here. */
  async change(id: ConversationId, what: "edit" | "react" | "reply"): Promise<void> {
    const rows = await this.store.rows(id, 1, Infinity);
    const target = rows.filter((row) => row.kind === "message").at(this.#sent % -3)?.seq;
    if (target == null) return;
    this.#sent += 1;
    const key = { id: 0, client_id: nextClientId(this.now * 1_000, this.mirror.lastKey()), conversation_id: id };
    const body = `${this.user_id}:${this.#sent}`;
    if (what === "reply") this.messages += 1;
    if (what === "reply") await this.#do((link) => link.send(this.now, { ...key, type: "send", thread_seq: target, body }));
    else if (what === "edit") await this.#do((link) => link.send(this.now, { ...key, type: "edit", target_seq: target, body }));
    else await this.#do((link) => link.send(this.now, { ...key, type: "react", target_seq: target, emoji: "👍" }));
  }

  async readAll(id: ConversationId): Promise<void> {
    const cursor = this.mirror.conversations.get(id)?.position.cursor ?? 0;
    if (cursor > 0) await this.#do((link) => link.read(this.now, id, cursor, 0));
  }

  async readFirst(id: ConversationId): Promise<void> {
    const cursor = this.mirror.conversations.get(id)?.position.cursor ?? 0;
    if (cursor === 0) return;
    const rows = await this.store.rows(id, 2, cursor);
    await this.#do((link) => link.read(this.now, id, 1, unreadAbove(rows, 1, this.user_id)));
  }

  /** The network takes one frame to the server. */
  transmit(): void {
    const command = this.up.shift();
    if (command !== undefined) this.#server.take(this, command);
  }

  /** The network brings one frame. */
  async receive(): Promise<void> {
    const frame = this.down.shift();
    if (frame !== undefined) await this.#do((link) => link.frame(this.now, frame));
  }

  /** A hint is shed: the next event never comes. */
  drop(): void {
    const at = this.down.findIndex((frame) => frame.type === "event");
    if (at >= 0) this.down.splice(at, 1);
  }

  /** Another gateway's hint is late: the next event comes after all that is under way. */
  delay(): void {
    const at = this.down.findIndex((frame) => frame.type === "event");
    if (at >= 0) this.down.push(...this.down.splice(at, 1));
  }

  /** The connection ends, with all that was on its way. */
  cut(): void {
    this.down.length = 0;
    this.up.length = 0;
    this.subscribed = false;
  }

  async lose(): Promise<void> {
    this.cut();
    await this.#do((link) => link.closed(this.now, 1006));
  }

  async wait(seconds: number): Promise<void> {
    this.now += seconds;
    if (this.#connectAt !== null && this.now >= this.#connectAt) {
      this.#connectAt = null;
      await this.#do((link) => link.connected(this.now, "token"));
    }
    await this.#do((link) => link.tick(this.now));
  }

  /** Somebody scrolls to what is not held. */
  async scroll(id: ConversationId): Promise<void> {
    for (const [low, high] of this.mirror.conversations.get(id)?.position.holes ?? []) {
      const page = this.#server.page(0, this.user_id, id, { after: low - 1, limit: high - low + 1 });
      await this.#do((link) => link.filled(this.now, page));
    }
  }

  async rows(id: ConversationId): Promise<readonly string[]> {
    const rows = await this.store.rows(id, 1, Number.MAX_SAFE_INTEGER);
    return rows.map(told);
  }

  async #do(happening: (link: Link) => readonly Action[]): Promise<void> {
    if (this.#link === null) return;
    const actions = happening(this.#link);
    const durable = actions.filter(isDurable);
    const lost: OutboxCommand[] = [];
    const gone = await lostBy(this.store, durable);
    lost.push(...ownAgain(gone, this.session).map(({ command }) => command));
    const stale = [...leapt(durable, this.mirror), ...changedByLost(gone, durable)];
    for (const [id, low, high] of stale) this.#link.evict(id, [low, high]);
    const looked = await look(this.store, durable, this.mirror);
    const placed = durable.map((action) =>
      this.#link !== null && (action.type === "apply" || action.type === "truncate") ? { ...action, position: this.#link.position(action.conversation_id) } : action,
    );
    const batch = batchOf(placed, this.mirror, this.now, looked);
    await this.#write(batch === null ? null : { ...batch, stale });
    for (const action of actions) await this.#carryOut(action);
    for (const command of lost) await this.#do((link) => link.send(this.now, command));
  }

  async #write(batch: Batch | null): Promise<void> {
    if (batch === null) return;
    await this.store.write(batch, this.term);
    this.notes.push(...this.mirror.change(batch, new Set(CONVERSATIONS)));
  }

  async #carryOut(action: Action): Promise<void> {
    switch (action.type) {
      case "connect":
        this.#connectAt = this.now + action.after_s;
        break;
      case "disconnect":
        this.cut();
        break;
      case "state":
        if (action.state === "live") await this.#write(leftBehind(this.#foreign, this.mirror.outbox, this.mirror.conversations));
        break;
      case "transmit":
        this.up.push(action.frame);
        break;
      case "recall": {
        const rows: HeldRow[] = [];
        for (const [id, seq] of action.asks) {
          const row = await this.store.rowAtOrBelow(id, seq);
          if (row?.seq != null) rows.push([id, row.seq, row.client_id, new Date(row.created_at).toISOString()]);
        }
        await this.#do((link) => link.recalled(this.now, rows));
        break;
      }
      default:
        break;
    }
  }
}

/** Let everything arrive: no more faults until nothing moves and every tail has been compared by a heartbeat. */
export async function settle(server: Server, rounds = 150): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const device of server.devices) {
      await device.wait(0.5);
      while (device.up.length + device.down.length > 0) {
        device.transmit();
        await device.receive();
      }
    }
  }
}

/** Return what a log looks like in a store of this user. */
export function expected(server: Server, user: UserId, id: ConversationId): readonly string[] {
  return server.log(id).map((entry) => told(rowOf(server.now(id, user, entry))));
}

/** All that can be seen of a row. */
function told(row: Row): string {
  const { seq, key, created_at } = row;
  return JSON.stringify([seq, key, created_at, row.kind === "message" ? [row.body, row.edited_seq, row.reactions, row.thread] : row.entry]);
}
