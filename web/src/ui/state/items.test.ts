/** The list's items: days, groups of one author within five minutes, the "New" line, and rows that keep their item. */

import { describe, expect, it } from "vitest";
import type { ConversationId, LineRow, MessageRow, Row, UserId } from "../../core/port.ts";
import { itemsOf } from "./items.ts";
import { sentences } from "./sentences.ts";

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

/** Somebody comes or goes, or `by` brings or removes him. */
function line(seq: number, kind: "member_added" | "member_left", user: number, minutes = 0, by = user): LineRow {
  const user_id = user as UserId;
  const entry = { kind, user_id, sender_id: by as UserId, seq } as LineRow["entry"];
  return { kind: "line", key: `k${seq}`, client_id: "", conversation_id: 1 as ConversationId, seq, sender_id: by as UserId, created_at: NOON + minutes * MINUTE, entry } as LineRow;
}

function lines(rows: readonly Row[], crowded = false, unreadSeq: number | null = null) {
  return itemsOf({ rows, pending: [], unreadSeq, reachesStart: false, crowded }).map((item) => (item.type === "line" ? item.rows.map(({ seq }) => seq) : item.type));
}

function shapes(rows: readonly MessageRow[], unreadSeq: number | null = null, pending: readonly MessageRow[] = []) {
  return itemsOf({ rows, pending, unreadSeq, reachesStart: false, crowded: false }).map((item) =>
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
    const before = itemsOf({ rows, pending: [], unreadSeq: null, reachesStart: false, crowded: false });
    const after = itemsOf({ rows: [...rows, message(3, 8, 2)], pending: [], unreadSeq: null, reachesStart: false, crowded: false });
    expect(after.slice(1, 3)).toStrictEqual(before.slice(1, 3));
    expect(after[2]).toBe(before[2]);
  });

  it("makes one line of several in a row who come and go, until somebody speaks or a day ends", () => {
    const rows = [line(1, "member_added", 7), line(2, "member_added", 8), line(3, "member_left", 7), message(4, 8, 1), line(5, "member_added", 9, 2), line(6, "member_left", 9, 721)];
    expect(lines(rows)).toEqual(["day", [1, 2, 3], "message", [5], "day", [6]]);
    expect(lines([line(1, "member_added", 7), line(2, "member_added", 8)], false, 2)).toEqual(["day", [1], "new", [2]]);
  });

  it("keeps by itself what somebody did to another", () => {
    expect(lines([line(1, "member_added", 7), line(2, "member_added", 8, 0, 7), line(3, "member_left", 8, 0, 7), line(4, "member_added", 9)])).toEqual(["day", [1], [2], [3], [4]]);
  });

  it("does not tell a crowd who comes and goes, but who was removed", () => {
    const rows = [line(1, "member_added", 7), line(2, "member_added", 8, 0, 7), message(3, 8, 1), line(4, "member_left", 7, 1), line(5, "member_left", 8, 1, 9)];
    expect(lines(rows, true)).toEqual(["day", "message", [5]]);
  });
});

describe("sentences", () => {
  const names = { self: 1 as UserId, of: (id: UserId) => `P${id}` };
  const bare = (rows: readonly LineRow[]) => sentences(rows, names).replace(/[\u2068\u2069]/g, "");

  it("names each once, oneself first, and the rest as a number", () => {
    expect(bare([line(1, "member_added", 7), line(2, "member_added", 1), line(3, "member_left", 7), line(4, "member_added", 7)])).toBe("You and P7 joined · P7 left");
    expect(bare([2, 3, 4, 5, 6].map((id) => line(id, "member_added", id)))).toBe("P2, P3, P4, and 2 others joined");
    expect(bare([line(1, "member_left", 7)])).toBe("P7 left");
  });
});
