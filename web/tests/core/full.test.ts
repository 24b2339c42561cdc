/** A disk that is full: the oldest bodies go, what only this device has stays, and the client carries on and says so once. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { handlers } from "../../src/core/asks.ts";
import { Desk } from "../../src/core/desk.ts";
import type { Http } from "../../src/core/http.ts";
import { UNKNOWN } from "../../src/core/link/actions.ts";
import { Mirror } from "../../src/core/mirror.ts";
import type { ChangeRow, ConversationId, DeviceId, Draft, MessageRow, Note, Row, Session, UserId } from "../../src/core/port.ts";
import { LIMITS, type MessageSent } from "../../src/core/protocol/types.ts";
import { Memory } from "../../src/core/store/memory.ts";
import type { Batch, ConversationRecord, Loaded, Store } from "../../src/core/store/schema.ts";
import { outboxRecord } from "../../src/core/sync/apply.ts";
import { DEFAULT_RULES, unknownConversation } from "../../src/core/sync/fold.ts";
import { heldRanges } from "../../src/core/sync/held.ts";

const IDS = [1, 2, 3] as ConversationId[];
const ROWS = 400;
const KEPT = 50;
const ME: Session = { user_id: 1 as UserId, device_id: 11 as DeviceId, name: "ada" };
const KEY = "01900000-0000-7000-8000-000000000001";
const PLAIN = { target_seq: null, thread_seq: 0, broadcast: false, mentions: [] };
const DRAFT: Draft = { text: "half", target_seq: null, selection: [4, 4], changed_at: 1 };

/** A disk with room for so many records; every one of them weighs the same. */
class Narrow implements Store {
  readonly kind = "disk";
  readonly inside = new Memory();
  room = Infinity;

  async write(batch: Batch, term: number | null): Promise<void> {
    const grows = (batch.rows?.length ?? 0) + (batch.outbox?.length ?? 0) + (batch.drafts?.length ?? 0);
    if (grows > 0 && (await this.#weight()) + grows > this.room) throw new DOMException("no space", "QuotaExceededError");
    await this.inside.write(batch, term);
  }

  async #weight(): Promise<number> {
    const { outbox, drafts } = await this.load();
    const rows = await Promise.all(IDS.map((id) => this.rows(id, 0, Infinity)));
    return outbox.length + drafts.length + rows.flat().length;
  }

  load = (): Promise<Loaded> => this.inside.load();
  lead = (): Promise<number> => this.inside.lead();
  rows = (id: ConversationId, low: number, high: number): Promise<readonly Row[]> => this.inside.rows(id, low, high);
  changes = (id: ConversationId, low: number, high: number): Promise<readonly ChangeRow[]> => this.inside.changes(id, low, high);
  replies = (id: ConversationId, low: number, high: number): Promise<readonly MessageRow[]> => this.inside.replies(id, low, high);
  rowAtOrBelow = (id: ConversationId, seq: number): Promise<Row | null> => this.inside.rowAtOrBelow(id, seq);
  close = (): void => undefined;
}

/** The server: says welcome, gives pages of a log that has everything, and acks what is sent. */
class Network {
  static readonly OPEN = 1;
  static all: Network[] = [];
  readonly readyState = 1;
  readonly sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    Network.all.push(this);
    queueMicrotask(() => this.onopen?.());
  }

  send(text: string): void {
    const frame = JSON.parse(text) as Record<string, number> & { type: string };
    this.sent.push(frame);
    const conversation_id = frame["conversation_id"] as ConversationId;
    if (frame.type === "hello") {
      this.say({
        type: "welcome", session_id: "s", user_id: 1, device_id: 11, epoch: "e", heartbeat_ms: 25_000, limits: LIMITS,
        server_time: "2026-01-01T00:00:00Z", resume_token: "t", heads: [], more: false,
      });
    } else if (frame.type === "fetch") {
      const low = frame["before"] !== undefined ? frame["before"] - (frame["limit"] ?? 0) : (frame["after"] ?? 0) + 1;
      const entries = Array.from({ length: frame["limit"] ?? 0 }, (_, at) => entry(conversation_id, low + at)).filter(({ seq }) => seq >= 1 && seq <= ROWS);
      this.say({ type: "page", id: frame["id"], conversation_id, epoch: "e", entries, head: ROWS, first_kept: 1, complete: low <= 1 });
    }
  }

  say(frame: unknown): void {
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(frame) }));
  }

  close(): void {}
}

/** The first conversation is the oldest. */
function timeOf(id: ConversationId, seq: number): number {
  return Date.UTC(2026, 0, id) + seq;
}

function entry(conversation_id: ConversationId, seq: number): MessageSent {
  return {
    kind: "message_sent", conversation_id, seq, sender_id: 2 as UserId, device_id: 21 as DeviceId, client_id: `${conversation_id}-${seq}`,
    created_at: new Date(timeOf(conversation_id, seq)).toISOString(), ordinal: seq, body: `${seq}`,
  };
}

function row(conversation_id: ConversationId, seq: number): MessageRow {
  return {
    kind: "message", key: `21/${conversation_id}-${seq}`, conversation_id, seq, sender_id: 2 as UserId, client_id: `${conversation_id}-${seq}`,
    created_at: timeOf(conversation_id, seq), body: `${seq}`, tokens: [], target_seq: null, ordinal: seq, state: "sent", error: null,
  };
}

function record(id: ConversationId): ConversationRecord {
  return { ...unknownConversation(id), details_head: ROWS, rules: DEFAULT_RULES, title: `${id}`, role: "member", position: { ...UNKNOWN, cursor: ROWS, head: ROWS } };
}

const http = {
  token: async () => ({ ok: true, value: "access" }),
  expiresAt: Date.now() + 600_000,
  distrust: () => undefined,
  usersById: async () => ({ ok: true, value: { users: [] } }),
} as unknown as Http;

const desks: Desk[] = [];

async function sitDown(store: Store): Promise<{ desk: Desk; notes: Note[] }> {
  const notes: Note[] = [];
  const desk = new Desk(store, new Mirror(ME, await store.load()), http, (note) => notes.push(note));
  desks.push(desk);
  desk.start();
  return { desk, notes };
}

/** A live tab whose disk holds three conversations, a message of one's own that waits, and a draft. */
async function live() {
  const store = new Narrow();
  await store.write({ meta: { epoch: "e", token: "t" }, conversations: IDS.map(record), rows: IDS.flatMap((id) => Array.from({ length: ROWS }, (_, at) => row(id, at + 1))) }, null);
  const waiting = outboxRecord({ type: "send", id: 0, client_id: KEY, conversation_id: IDS[2] as ConversationId, body: "waits" }, ME, 0);
  await store.write({ outbox: [waiting], drafts: [[[IDS[1] as ConversationId, 0], DRAFT]] }, null);
  const { desk, notes } = await sitDown(store);
  await vi.waitFor(() => expect(desk.mirror.link).toBe("live"));
  return { desk, notes, store, network: Network.all.at(-1) as Network };
}

async function isHonest(store: Store): Promise<void> {
  for (const { conversation_id: id, position } of (await store.load()).conversations) {
    const stored = (await store.rows(id, 0, Infinity)).map(({ seq }) => seq);
    const claimed = heldRanges(position).flatMap(([low, high]) => Array.from({ length: high - low + 1 }, (_, at) => low + at));
    expect(stored, "what is said to be held is held, and nothing else").toEqual(claimed);
  }
}

beforeEach(() => {
  Network.all = [];
  vi.stubGlobal("WebSocket", Network);
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("self", { location: { href: "http://here.test/" } });
});

afterEach(() => {
  for (const desk of desks.splice(0)) desk.end();
  vi.unstubAllGlobals();
});

test("when the disk is full the oldest bodies go, never what only this device has, and it is said once", async () => {
  const { desk, notes, store, network } = await live();
  store.room = IDS.length * ROWS + 2;
  network.say({ type: "event", epoch: "e", entry: entry(IDS[2] as ConversationId, ROWS + 1) });
  await vi.waitFor(async () => expect((await store.rows(IDS[2] as ConversationId, ROWS + 1, ROWS + 1)).length).toBe(1));
  await isHonest(store);
  const loaded = await store.load();
  expect(loaded.outbox).toMatchObject([{ client_id: KEY }]);
  expect(loaded.drafts).toEqual([[[IDS[1], 0], DRAFT]]);
  expect(loaded.conversations.map(({ position }) => position.cursor)).toEqual([ROWS, ROWS, ROWS + 1]);
  expect((await store.rows(IDS[0] as ConversationId, 0, Infinity)).map(({ seq }) => seq), "the oldest conversation's old rows went").not.toContain(1);
  expect((await store.rows(IDS[2] as ConversationId, 0, Infinity)).length, "the newest conversation kept all").toBe(ROWS + 1);
  for (let seq = ROWS + 2; seq < 2 * ROWS; seq += 1) {
    network.say({ type: "event", epoch: "e", entry: entry(IDS[2] as ConversationId, seq) });
  }
  await vi.waitFor(async () => expect((await store.load()).conversations[2]?.position.cursor).toBe(2 * ROWS - 1));
  await isHonest(store);
  for (const { conversation_id, position } of (await store.load()).conversations) {
    const newest = await store.rows(conversation_id, (position.cursor ?? 0) - KEPT + 1, Infinity);
    expect(newest.length, "each still opens without a network").toBe(KEPT);
  }
  expect(notes.filter(({ type }) => type === "storage")).toEqual([{ type: "storage", storage: "disk", reason: "full" }]);
  expect(desk.store.kind).toBe("disk");
});

test("what went is asked for again by who scrolls there", async () => {
  const { desk, store, network } = await live();
  store.room = IDS.length * ROWS + 2;
  network.say({ type: "event", epoch: "e", entry: entry(IDS[2] as ConversationId, ROWS + 1) });
  await vi.waitFor(async () => expect((await store.rows(IDS[0] as ConversationId, 1, 1)).length).toBe(0));
  const [hole] = desk.mirror.conversations.get(IDS[0] as ConversationId)?.position.holes ?? [];
  const answer = await handlers(desk).older({ conversation_id: IDS[0] as ConversationId, seq: (hole?.[1] ?? 0) + 1, limit: 20 });
  expect(answer).toMatchObject({ ok: true, value: { offline: false } });
  expect(answer.ok && answer.value.rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, at) => (hole?.[1] ?? 0) - 19 + at));
  await isHonest(store);
});

test("a message that comes to the very conversation whose rows go does not claim them back", async () => {
  const { store, network } = await live();
  store.room = IDS.length * ROWS + 2;
  network.say({ type: "event", epoch: "e", entry: entry(IDS[0] as ConversationId, ROWS + 1) });
  await vi.waitFor(async () => expect((await store.rows(IDS[0] as ConversationId, ROWS + 1, ROWS + 1)).length).toBe(1));
  expect((await store.rows(IDS[0] as ConversationId, 1, 1)).length).toBe(0);
  await isHonest(store);
});

test("a tab that does not lead has the leader make room for what it writes", async () => {
  const { store } = await live();
  vi.stubGlobal("navigator", { locks: { request: () => new Promise(() => undefined) } });
  const { desk: other, notes } = await sitDown(store);
  store.room = IDS.length * ROWS + 2;
  const sent = await handlers(other).send({ conversation_id: IDS[0] as ConversationId, body: "more", ...PLAIN });
  expect(sent.ok).toBe(true);
  expect((await store.load()).outbox.map(({ command }) => command.type === "send" && command.body)).toContain("more");
  await isHonest(store);
  await vi.waitFor(() => expect(notes.filter(({ type }) => type === "storage")).toHaveLength(1));
});

test("when nothing may go the leader goes on in memory with what must not be lost, and says so", async () => {
  const { desk, notes, store } = await live();
  for (const id of IDS) {
    const { position } = record(id);
    const held = { ...record(id), position: { ...position, holes: [[1, ROWS - KEPT]] as const } };
    await store.write({ evicted: [[id, 1, ROWS - KEPT]], conversations: [held] }, null);
    desk.mirror.conversations.set(id, held);
  }
  store.room = 0;
  const sent = await handlers(desk).send({ conversation_id: IDS[0] as ConversationId, body: "more", ...PLAIN });
  expect(sent.ok).toBe(true);
  expect(notes.filter(({ type }) => type === "storage")).toEqual([{ type: "storage", storage: "memory", reason: "QuotaExceededError" }]);
  expect(desk.store.kind).toBe("memory");
  const { outbox, drafts } = await desk.store.load();
  expect(outbox.map(({ command }) => command.type === "send" && command.body)).toEqual(["waits", "more"]);
  expect(drafts).toContainEqual([[IDS[1], 0], DRAFT]);
  await vi.waitFor(() => expect(Network.all.flatMap(({ sent }) => sent).filter(({ body }) => body === "more").length).toBeGreaterThan(0));
});

test("without a disk no conversation fills the memory: what is far from where rows come goes", async () => {
  const [id] = IDS as [ConversationId];
  const store = new Memory();
  const held = { ...record(id), position: { ...UNKNOWN, cursor: 1_990, head: 1_990 } };
  await store.write({ meta: { epoch: "e", token: "t" }, conversations: [held], rows: Array.from({ length: 1_990 }, (_, at) => row(id, at + 1)) }, null);
  const { desk, notes } = await sitDown(store);
  await vi.waitFor(() => expect(desk.mirror.link).toBe("live"));
  for (let seq = 1_991; seq <= 2_020; seq += 1) Network.all[0]?.say({ type: "event", epoch: "e", entry: entry(id, seq) });
  await vi.waitFor(async () => expect((await store.load()).conversations[0]?.position.cursor).toBe(2_020));
  await vi.waitFor(async () => expect((await store.rows(id, 0, Infinity)).length).toBeLessThanOrEqual(2_000));
  expect((await store.rows(id, 0, Infinity)).at(-1)?.seq).toBe(2_020);
  await isHonest(store);
  expect(notes.filter(({ type }) => type === "storage"), "the user knows that there is no disk").toEqual([]);
});
