/** The list's items: days, groups of one author within five minutes, the "New" line, and rows that keep their item. */

import { describe, expect, it } from "vitest";
import type { ConversationId, MessageRow, UserId } from "../../core/port.ts";
import { itemsOf } from "./items.ts";

const NOON = new Date(2026, 5, 15, 12).getTime();
const MINUTE = 60_000;

function message(seq: number | null, sender: number, minutes: number, target_seq: number | null = null): MessageRow {
  return {
    kind: "message",
    key: `k${seq ?? "pending"}`,
    client_id: "",
    conversation_id: 1 as ConversationId,
    seq,
    sender_id: sender as UserId,
    created_at: NOON + minutes * MINUTE,
    body: "",
    tokens: [],
    target_seq,
    ordinal: seq,
    state: seq === null ? "queued" : "sent",
    error: null,
  };
}

function shapes(rows: readonly MessageRow[], unreadSeq: number | null = null, pending: readonly MessageRow[] = []) {
  return itemsOf({ rows, pending, unreadSeq, reachesStart: false }).map((item) =>
    item.type === "message" ? `${item.row.sender_id}${item.first ? "!" : ""}` : item.type,
  );
}

describe("itemsOf", () => {
  it("goes by when an imported message was written, not by when it came in", () => {
    const day = 24 * 60 * MINUTE;
    const rows = [0, 1, day].map((ago, place) => ({ ...message(place + 1, 7, 0), sent_at: NOON - day + ago }));
    expect(shapes(rows)).toEqual(["day", "7!", "7", "7!"]);
  });

  it("groups one author's messages within five minutes", () => {
    expect(shapes([message(1, 7, 0), message(2, 7, 4), message(3, 7, 10), message(4, 8, 11)])).toEqual([
      "day",
      "7!",
      "7",
      "7!",
      "8!",
    ]);
  });

  it("begins each day with its line, and a group never crosses it", () => {
    expect(shapes([message(1, 7, 719), message(2, 7, 721)])).toEqual(["day", "7!", "day", "7!"]);
  });

  it("puts the New line above the oldest unread message, which then names its author", () => {
    expect(shapes([message(1, 7, 0), message(2, 7, 1), message(3, 7, 2)], 2)).toEqual(["day", "7!", "new", "7!", "7"]);
  });

  it("names the author of a reply", () => {
    expect(shapes([message(1, 7, 0), message(2, 7, 1, 1)])).toEqual(["day", "7!", "7!"]);
  });

  it("draws pending messages after the newest, in one group with them", () => {
    expect(shapes([message(1, 7, 0)], null, [message(null, 7, 1)])).toEqual(["day", "7!", "7"]);
  });

  it("keeps the item of a row that did not change, so that nothing is drawn again for it", () => {
    const rows = [message(1, 7, 0), message(2, 7, 1)];
    const before = itemsOf({ rows, pending: [], unreadSeq: null, reachesStart: false });
    const after = itemsOf({ rows: [...rows, message(3, 8, 2)], pending: [], unreadSeq: null, reachesStart: false });
    expect(after.slice(1, 3)).toStrictEqual(before.slice(1, 3));
    expect(after[2]).toBe(before[2]);
  });
});
