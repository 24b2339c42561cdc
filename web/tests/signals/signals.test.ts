/** The leader's part in signals: what is told of this device's progress, and what a tab that comes later is told. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConversationId, HeadRow, PresenceRow, Received, Typing, UserId } from "../../src/core/protocol/types.ts";
import { Signals } from "../../src/core/signals/signals.ts";
import type { Signal } from "../../src/core/signals/types.ts";

const ID = 7 as ConversationId;
const LARGE = 8 as ConversationId;
const ADA = 1 as UserId;
const GRACE = 2 as UserId;

function device() {
  const said: (Typing | Received)[] = [];
  const told: Signal[] = [];
  const state = { live: true, held: new Map<ConversationId, number>() };
  const signals = new Signals({
    live: () => state.live,
    say: (frame) => said.push(frame),
    tell: (signal) => told.push(signal),
    held: (id) => state.held.get(id) ?? 0,
    members: (id) => (id === LARGE ? 51 : 50),
  });
  return { said, told, state, signals };
}

function heads(...rows: HeadRow[]) {
  return { type: "heads", rows, more: false } as const;
}

function online(user_id: UserId): PresenceRow {
  return [user_id, "online", null, "", null];
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("what was stored is said once for many rows, at most every two seconds, and never for large conversations", () => {
  const { said, state, signals } = device();
  for (const seq of [1, 2, 3]) {
    state.held.set(ID, seq).set(LARGE, seq);
    signals.stored([ID, LARGE]);
  }
  expect(said, "not at once").toEqual([]);
  vi.advanceTimersByTime(2_000);
  expect(said).toEqual([{ type: "received", seqs: { [ID]: 3 } }]);
  signals.stored([ID]);
  vi.advanceTimersByTime(10_000);
  expect(said, "nothing new").toHaveLength(1);
});

test("what was stored before a line broke is said when it is back", () => {
  const { said, state, signals } = device();
  state.held.set(ID, 5);
  state.live = false;
  signals.stored([ID]);
  vi.advanceTimersByTime(9_000);
  expect(said).toEqual([]);
  state.live = true;
  vi.advanceTimersByTime(2_000);
  expect(said).toEqual([{ type: "received", seqs: { [ID]: 5 } }]);
});

test("a mark that the server does not have is said again, and one that it has is not", () => {
  const { said, state, signals } = device();
  state.held.set(ID, 5);
  signals.frame(heads([ID, 5, 0, 5, 0, 0, 0]));
  vi.advanceTimersByTime(4_000);
  expect(said).toEqual([]);
  signals.frame(heads([ID, 5, 0, 3, 0, 0, 0]));
  vi.advanceTimersByTime(4_000);
  expect(said).toEqual([{ type: "received", seqs: { [ID]: 5 } }]);
});

test("a tab that looks later is told what others were told, of those on screens only", () => {
  const { told, signals } = device();
  signals.frame({ type: "presence", rows: [online(ADA), online(GRACE)], counts: { [LARGE]: 17 } });
  expect(told).toHaveLength(1);
  const ask = { type: "known", user_ids: [ADA, GRACE], conversation_ids: [LARGE] } as const;
  expect(signals.take(ask)).toEqual({ type: "presence", rows: [online(ADA), online(GRACE)], counts: { [LARGE]: 17 } });
  signals.looked([ADA]);
  expect(signals.take(ask)).toMatchObject({ rows: [online(ADA)] });
  signals.frame({
    type: "welcome", session_id: "s" as never, user_id: ADA, device_id: 1 as never, epoch: "e", heartbeat_ms: 1, limits: {} as never,
    server_time: "", resume_token: "t", heads: [], more: false, own: [],
  });
  expect(signals.take(ask), "of another session nothing is known yet").toEqual({ type: "presence", rows: [], counts: {} });
});
