/** The window of a conversation: never more rows than the page can hold, and none is missing on the way back. */

import { tick } from "svelte";
import { describe, expect, test, vi } from "vitest";
import type { ConversationId, ConversationRow, MessageRow, Opened, Page, Port, Row, Session, UserId } from "../../core/port.ts";
import { Timeline } from "./timeline.svelte.ts";

const ID = 7 as ConversationId;
const ALL = 5_000;
const MOST = 2_000;
const SELF = { user_id: 1 as UserId } as Session;

function row(seq: number): MessageRow {
  return {
    kind: "message", key: `2/${seq}`, conversation_id: ID, seq, sender_id: 2 as UserId, client_id: `${seq}`, created_at: seq, body: `${seq}`,
    tokens: [], target_seq: null, ordinal: seq, state: "sent", error: null,
  };
}

function rows(low: number, high: number): readonly Row[] {
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, at) => row(low + at));
}

function page(low: number, high: number): Page {
  return { rows: rows(low, high), reaches_start: low <= 1, reaches_end: high >= ALL, offline: false };
}

/** A worker that has the whole conversation. */
const port = {
  ask: async (side: "older" | "newer", { seq, limit }: { seq: number; limit: number }) => ({
    ok: true,
    value: side === "older" ? page(Math.max(1, seq - limit), seq - 1) : page(seq + 1, Math.min(ALL, seq + limit)),
  }),
} as unknown as Port;

function opened(low: number, high: number): Timeline {
  const conversation = { conversation_id: ID } as ConversationRow;
  const window: Opened = { ...page(low, high), conversation, pending: [], unread_seq: null, changes: [], draft: null, people: [] };
  return new Timeline({ port, self: SELF }, window, { type: "end" }, null);
}

function seqs({ items }: Timeline): readonly number[] {
  return items.flatMap((item) => ("row" in item ? [item.row.seq ?? 0] : []));
}

/** What the list has is a run without a gap, and not longer than it may be. */
function isWhole(timeline: Timeline): void {
  const found = seqs(timeline);
  expect(found.length).toBeLessThanOrEqual(MOST);
  expect(found).toEqual(rows(found[0] ?? 0, found.at(-1) ?? 0).map(({ seq }) => seq));
}

test("the newest message of one's own is that of the main timeline, unless others are meant too", () => {
  const timeline = opened(ALL - 49, ALL);
  const reply = { ...row(ALL + 1), sender_id: SELF.user_id, thread_seq: ALL };
  timeline.apply([{ ...row(ALL + 2), seq: null, key: "1/a", sender_id: SELF.user_id, thread_seq: ALL }, reply], []);
  expect(timeline.newestOf(SELF.user_id)).toBeUndefined();
  expect(timeline.newestOf(SELF.user_id, () => true)?.key).toBe("1/a");
  timeline.apply([], ["1/a"]);
  expect(timeline.newestOf(SELF.user_id, () => true)).toBe(reply);
  const deleted = { ...row(ALL + 3), sender_id: SELF.user_id, deleted_seq: ALL + 4 };
  timeline.apply([deleted], []);
  expect(timeline.newestOf(SELF.user_id), "it is there no more").toBeUndefined();
  expect(timeline.newestOf(SELF.user_id, () => true), "slow mode goes on from it").toBe(deleted);
});

describe("a window that grows", () => {
  test("lets the newer rows go while one scrolls back, and brings them again on the way down", async () => {
    const timeline = opened(ALL - 49, ALL);
    while (!timeline.reachesStart) {
      await timeline.older();
      isWhole(timeline);
    }
    expect(timeline.reachesEnd).toBe(false);
    expect(seqs(timeline)[0]).toBe(1);
    while (!timeline.reachesEnd) {
      await timeline.newer();
      isWhole(timeline);
    }
    expect(timeline.reachesStart).toBe(false);
    expect(seqs(timeline).at(-1)).toBe(ALL);
  });

  test("says at which end it changed: the list keeps its place by the other one", async () => {
    const timeline = opened(3_001, ALL);
    const shifts: boolean[] = [];
    const lengths = [seqs(timeline).length];
    const loading = timeline.older();
    shifts.push(timeline.shift);
    lengths.push(seqs(timeline).length);
    await loading;
    shifts.push(timeline.shift);
    lengths.push(seqs(timeline).length);
    expect(shifts, "cut at the end, then rows in front").toEqual([false, true]);
    expect(lengths).toEqual([2_000, 1_500, 1_550]);
  });

  test("lets the oldest rows go while a reader at the end gets new ones", async () => {
    const timeline = opened(3_001, ALL);
    timeline.apply([row(ALL + 1)], []);
    await tick();
    expect(seqs(timeline).at(-1)).toBe(ALL + 1);
    expect(seqs(timeline).length).toBe(1_500);
    expect(timeline.shift).toBe(true);
    expect(timeline.reachesStart).toBe(false);
  });

  test("does not take what comes while a reader far up has as many rows as there may be, but counts it", () => {
    const timeline = opened(3_001, ALL);
    timeline.follows = false;
    timeline.apply([row(ALL + 1), row(ALL + 2)], []);
    expect(seqs(timeline).at(-1)).toBe(ALL);
    expect(timeline.reachesEnd).toBe(false);
    expect(timeline.arrived).toBe(2);
  });

  test("asks again for a row that was told while its window was on its way", async () => {
    let known = 3;
    const late = { ask: async (_: string, { seq }: { seq: number }) => {
      const value: Page = { rows: rows(seq + 1, known), reaches_start: false, reaches_end: true, offline: false };
      return { ok: true, value };
    } } as unknown as Port;
    const conversation = { conversation_id: ID } as ConversationRow;
    const window: Opened = { rows: rows(1, 2), reaches_start: true, reaches_end: true, offline: false, conversation, pending: [], unread_seq: null, changes: [], draft: null, people: [] };
    const told = new Timeline({ port: late, self: SELF }, window, { type: "end" }, null);
    told.told(3);
    await tick();
    await tick();
    expect(seqs(told)).toEqual([1, 2, 3]);
    expect(told.reachesEnd).toBe(true);

    known = 2; // the worker that is asked has not got it yet
    const early = new Timeline({ port: late, self: SELF }, { ...window, reaches_end: false }, { type: "end" }, null);
    early.apply([row(3)], []);
    await early.newer();
    expect([seqs(early), early.reachesEnd]).toEqual([[1, 2], false]);
    known = 3;
    await vi.waitFor(() => expect(seqs(early)).toEqual([1, 2, 3]));
    expect(early.reachesEnd).toBe(true);
  });

  test("shows a pending message only where it belongs: after the newest row", async () => {
    const timeline = opened(3_001, ALL);
    timeline.apply([{ ...row(0), key: "1/x", seq: null, sender_id: SELF.user_id }], []);
    expect(timeline.items.at(-1)?.key).toBe("1/x");
    await timeline.older();
    expect(timeline.items.at(-1)?.key).toBe("2/4500");
  });
});
