/** Who transmits: the leader alone, under its own name, and only what nobody else can have transmitted. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Http } from "../../src/core/http.ts";
import { Leader } from "../../src/core/leader.ts";
import { Mirror } from "../../src/core/mirror.ts";
import type { ConversationId, DeviceId, LinkState, Note, Session, UserId } from "../../src/core/port.ts";
import { LIMITS } from "../../src/core/protocol/types.ts";
import { Memory } from "../../src/core/store/memory.ts";
import type { Batch, OutboxRecord } from "../../src/core/store/schema.ts";
import { outboxRecord } from "../../src/core/sync/apply.ts";

const ID = 7 as ConversationId;
const MINE: Session = { user_id: 1 as UserId, device_id: 11 as DeviceId, name: "ada" };
const OTHER: Session = { ...MINE, device_id: 12 as DeviceId };
const KEY = "01900000-0000-7000-8000-000000000001";

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
    const frame = JSON.parse(text) as Record<string, unknown>;
    this.sent.push(frame);
    if (frame["type"] !== "hello") return;
    const welcome = {
      type: "welcome", session_id: "s", user_id: 1, device_id: 11, epoch: "e", heartbeat_ms: 25_000, limits: LIMITS,
      server_time: "2026-01-01T00:00:00Z", resume_token: "t", heads: [], more: false,
    };
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(welcome) }));
  }

  close(): void {}
}

const http = {
  token: async () => ({ ok: true, value: "access" }),
  expiresAt: Date.now() + 600_000,
  distrust: () => undefined,
  conversations: async () => ({ ok: true, value: { conversations: [], cursor: null } }),
} as unknown as Http;

/** A leading tab with everything of it that can be seen from outside, in order. */
async function leading(kept: readonly OutboxRecord[] = [], toldLate: Batch = {}) {
  const store = new Memory();
  await store.write({ outbox: kept }, null);
  const term = await store.lead();
  const mirror = new Mirror(MINE, await store.load());
  const notes: Note[] = [];
  const states: LinkState[] = [];
  const written: Batch[] = [];
  const tell = (batch: Batch): void => {
    notes.push(...mirror.change(batch, new Set([ID])));
    leader.changed(batch);
  };
  const leader = new Leader(http, store, mirror, {
    commit: async (make) => {
      const batch = make();
      if (batch === null) return;
      await store.write(batch, term);
      written.push(batch);
      tell(batch);
    },
    link: (state) => states.push(state),
    devices: () => undefined,
    signal: () => undefined,
    signedOut: () => undefined,
    upgrade: () => undefined,
    broken: (error) => {
      throw error;
    },
  });
  leader.start();
  tell(toldLate);
  await vi.waitFor(() => expect(states.at(-1)).toBe("live"));
  return { leader, mirror, notes, states, store, tell, written };
}

function wish(session: Session): OutboxRecord {
  return outboxRecord({ type: "send", id: 0, client_id: KEY, conversation_id: ID, body: "hello" }, session, 0);
}

function sends(): readonly Record<string, unknown>[] {
  return Network.all.flatMap(({ sent }) => sent).filter(({ type }) => type === "send");
}

beforeEach(() => {
  Network.all = [];
  vi.stubGlobal("WebSocket", Network);
  vi.stubGlobal("self", { location: { href: "http://here.test/" } });
});

afterEach(() => vi.unstubAllGlobals());

test("what a tab of another sign-in has just written is the leader's, on disk, before it leaves", async () => {
  const { leader, notes, store, tell, written } = await leading();
  const record = wish(OTHER);
  await store.write({ outbox: [record] }, null);
  tell({ outbox: [record] });
  expect(sends(), "not before it is written down").toEqual([]);
  await vi.waitFor(() => expect(sends()).toHaveLength(1));
  expect(written.flatMap(({ outbox = [] }) => outbox)).toMatchObject([{ client_id: KEY, device_id: MINE.device_id, state: "queued" }]);
  expect((await store.load()).outbox).toMatchObject([{ device_id: MINE.device_id }]);
  const shown = notes.findLast((note) => note.type === "rows");
  expect(shown, "one bubble goes on under the key of its entry").toMatchObject({ removed: [`12/${KEY}`], rows: [{ key: `11/${KEY}` }] });
  leader.stop();
});

test("what another sign-in has left is not sent, whoever tells of it, and the user is asked", async () => {
  const record = wish(OTHER);
  const { leader, mirror } = await leading([record], { outbox: [record] });
  await vi.waitFor(() => expect(mirror.outbox.get(KEY)).toMatchObject({ state: "failed", error: { reason: "other_sign_in" } }));
  expect(sends()).toEqual([]);
  leader.stop();
});

test("what this sign-in has left is sent", async () => {
  const { leader } = await leading([wish(MINE)]);
  await vi.waitFor(() => expect(sends()).toMatchObject([{ client_id: KEY }]));
  leader.stop();
});

test("whom the server sends away comes no sooner than it says, and at a time of his own after that", async () => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  try {
    const { leader } = await leading();
    const error = { type: "error", code: "rate_limited", message: "too many at once", retry_after_ms: 5_000, fatal: true };
    Network.all[0]?.onmessage?.({ data: JSON.stringify(error) });
    Network.all[0]?.onclose?.({ code: 4005 });
    await vi.advanceTimersByTimeAsync(5_200);
    expect(Network.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(Network.all).toHaveLength(2);
    leader.stop();
  } finally {
    vi.restoreAllMocks();
    vi.useRealTimers();
  }
});

test("a socket that is refused without a word, again and again, is asked for ever less often", async () => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  try {
    const { leader } = await leading();
    const tries: number[] = [];
    Network.all[0]?.onclose?.({ code: 1006 });
    for (let passed = 0; passed < 120; passed += 0.5) {
      await vi.advanceTimersByTimeAsync(500);
      while (Network.all.length > tries.length + 1) tries.push(passed + 0.5);
      const latest = Network.all.at(-1);
      if (latest !== undefined && tries.length > 0) latest.onclose?.({ code: 1006 });
    }
    const waits = tries.map((at, index) => at - (tries[index - 1] ?? 0));
    expect(waits, "503 of an upgrade is such a socket: browsers tell pages no more").toEqual([0.5, 1, 2, 4, 8, 16, 30, 30]);
    leader.stop();
  } finally {
    vi.restoreAllMocks();
    vi.useRealTimers();
  }
});

test("a code from 4400 on is final until something changes", async () => {
  vi.useFakeTimers();
  try {
    const { leader, states } = await leading();
    Network.all[0]?.onclose?.({ code: 4403 });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(Network.all).toHaveLength(1);
    expect(states.at(-1)).toBe("offline");
    leader.wake();
    await vi.advanceTimersByTimeAsync(100);
    expect(Network.all).toHaveLength(2);
    leader.stop();
  } finally {
    vi.useRealTimers();
  }
});

test("who is on a screen is told once for all, and again to every new session", async () => {
  const { leader, states } = await leading();
  const told = () => Network.all.at(-1)?.sent.filter(({ type }) => type === "focus");
  const users = Array.from({ length: LIMITS.focus_ids }, (_, at) => (at + 1) as UserId);
  leader.look([ID], users, true);
  leader.look([ID], users, true);
  const focus = { type: "focus", conversation_ids: [ID], user_ids: users.slice(0, -1), inactive: false };
  await vi.waitFor(() => expect(told(), "no more ids than one may name").toEqual([focus]));
  Network.all.at(-1)?.onclose?.({ code: 1006 });
  leader.wake();
  await vi.waitFor(() => expect(Network.all).toHaveLength(2));
  await vi.waitFor(() => expect(told(), "hello names no people").toEqual([focus]));
  expect(states.at(-1)).toBe("live");
  leader.stop();
});
