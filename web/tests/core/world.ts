/** A server in memory and devices that run the real link, store and batches against it, one happening at a time. */

import { isDurable, type Action, type OutboxCommand } from "../../src/core/link/actions.ts";
import type { HeldRow } from "../../src/core/link/epoch.ts";
import { Link } from "../../src/core/link/link.ts";
import { Mirror } from "../../src/core/mirror.ts";
import type { Note } from "../../src/core/port.ts";
import { nextClientId } from "../../src/core/outbox/order.ts";
import type {
  AnyCommand, ConversationId, DeviceId, Entry, HeadRow, MessageSent, Page, ServerFrame, SessionId, UserId,
} from "../../src/core/protocol/types.ts";
import { LIMITS } from "../../src/core/protocol/types.ts";
import { foreignKeys, leftBehind, ownOutbox } from "../../src/core/outbox/foreign.ts";
import { Memory } from "../../src/core/store/memory.ts";
import type { Batch } from "../../src/core/store/schema.ts";
import { batchOf } from "../../src/core/sync/apply.ts";
import { unreadAbove } from "../../src/core/sync/unread.ts";

const START = Date.UTC(2026, 0, 1);
export const CONVERSATIONS = [1, 2] as ConversationId[];

/** The log, and each user's watermarks; refuses nothing but what it is told to. */
export class Server {
  epoch = "one";
  readonly logs = new Map<ConversationId, MessageSent[]>(CONVERSATIONS.map((id) => [id, []]));
  readonly devices: Device[] = [];
  /** So many sends to come are refused for now. */
  refusals = 0;
  readonly #read = new Map<string, number>();

  log(id: ConversationId): MessageSent[] {
    return this.logs.get(id) ?? [];
  }

  read(user: UserId, id: ConversationId): number {
    return this.#read.get(`${user}/${id}`) ?? 0;
  }

  unread(user: UserId, id: ConversationId): number {
    return this.log(id).filter((entry) => entry.seq > this.read(user, id)).length;
  }

  head(user: UserId, id: ConversationId): HeadRow {
    return [id, this.log(id).length, this.read(user, id), 0, this.unread(user, id), 0, 0];
  }

  /** The log comes back shorter, as after a restored backup. */
  restore(kept: number): void {
    this.epoch += "+";
    for (const [id, log] of this.logs) this.logs.set(id, log.slice(0, kept));
    this.#read.clear();
    for (const [id, log] of this.logs) for (const entry of log) this.#read.set(`${entry.sender_id}/${id}`, entry.seq);
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
          server_time: "2026-01-01T00:00:00Z", resume_token: String(this.#clock), heads: heads.map((id) => this.head(user_id, id)), more: false,
        });
        device.subscribed = true;
        break;
      }
      case "send":
        if (this.refusals > 0) {
          this.refusals -= 1;
          device.down.push({ type: "error", id: command.id, code: "rate_limited", message: "too fast", retry_after_ms: 300 });
        } else {
          this.#send(device, command);
        }
        break;
      case "fetch":
        device.down.push(this.#page(command.id, command.conversation_id, command));
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
        device.down.push({ type: "pong", heads: differing.map((id) => this.head(user_id, id)), resume_token: String(this.#clock) });
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

  #send({ user_id, device_id, down }: Device, command: Extract<AnyCommand, { type: "send" }>): void {
    const log = this.log(command.conversation_id);
    const stored = log.find((entry) => entry.client_id === command.client_id && entry.device_id === device_id);
    const entry: MessageSent = stored ?? {
      kind: "message_sent", conversation_id: command.conversation_id, seq: log.length + 1, sender_id: user_id, device_id,
      client_id: command.client_id, created_at: new Date(START + this.#clock).toISOString(), ordinal: log.length + 1, body: command.body,
    };
    if (stored === undefined) {
      log.push(entry);
      this.#read.set(`${user_id}/${command.conversation_id}`, entry.seq);
      this.#clock += 1;
      this.#changes.set(command.conversation_id, this.#clock);
    }
    const { conversation_id, client_id, seq, created_at } = entry;
    for (const device of this.devices) if (device.subscribed) device.down.push({ type: "event", epoch: this.epoch, entry });
    down.push({ type: "sent", id: command.id, conversation_id, client_id, seq, created_at, duplicate: stored !== undefined });
  }

  #page(id: number, conversation_id: ConversationId, { after, before, limit = 50 }: Partial<Record<"after" | "before" | "limit", number | null>>): Page {
    const log = this.log(conversation_id);
    const size = limit ?? 50;
    const entries = after == null ? log.slice(0, (before ?? log.length + 1) - 1).slice(-size) : log.slice(after, after + size);
    const complete = after == null ? (entries[0]?.seq ?? 1) === 1 : (entries.at(-1)?.seq ?? log.length) === log.length;
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
    const client_id = nextClientId(this.now * 1_000, this.mirror.lastKey());
    const command: OutboxCommand = { type: "send", id: 0, client_id, conversation_id: id, body: `${this.user_id}:${this.#sent}` };
    await this.#do((link) => link.send(this.now, command));
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

  async rows(id: ConversationId): Promise<readonly string[]> {
    const rows = await this.store.rows(id, 1, Number.MAX_SAFE_INTEGER);
    return rows.map((row) => `${row.seq} ${row.key} ${row.created_at}`);
  }

  async #do(happening: (link: Link) => readonly Action[]): Promise<void> {
    if (this.#link === null) return;
    const actions = happening(this.#link);
    const durable = actions.filter(isDurable);
    const lost: OutboxCommand[] = [];
    for (const action of durable) if (action.type === "truncate") lost.push(...(await this.#ownAbove(action.conversation_id, action.after)));
    await this.#write(batchOf(durable, this.mirror, this.now));
    for (const action of actions) await this.#carryOut(action);
    for (const command of lost) await this.#do((link) => link.send(this.now, command));
  }

  async #write(batch: Batch | null): Promise<void> {
    if (batch === null) return;
    await this.store.write(batch, this.term);
    this.notes.push(...this.mirror.change(batch, new Set(CONVERSATIONS)));
  }

  async #ownAbove(id: ConversationId, after: number): Promise<OutboxCommand[]> {
    const rows = await this.store.rows(id, after + 1, Number.MAX_SAFE_INTEGER);
    return rows.flatMap((row) =>
      row.kind === "message" && row.key.startsWith(`${this.device_id}/`)
        ? [{ type: "send" as const, id: 0, client_id: row.client_id, conversation_id: id, body: row.body }]
        : [],
    );
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

/** Return what a log looks like in a store. */
export function expected(log: readonly Entry[]): readonly string[] {
  return log.map((entry) => `${entry.seq} ${entry.device_id}/${entry.client_id} ${Date.parse(entry.created_at)}`);
}
