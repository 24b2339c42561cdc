import { expect, test } from "vitest";
import type { ConversationRow, Mine } from "../../core/port.ts";
import { sectioned } from "./sections.ts";

const OPEN: Mine = { level: "default", muted_until: 0, pinned: false, hidden: false, marked_unread: false };

function row(conversation_id: number, kind: "direct" | "group", mine: Partial<Mine> = {}): ConversationRow {
  return { conversation_id, kind, title: `t${conversation_id}`, other: { user_id: 1, name: `t${conversation_id}` }, mine: { ...OPEN, ...mine } } as ConversationRow;
}

const rows = [row(1, "group"), row(2, "direct", { hidden: true }), row(3, "group", { pinned: true }), row(4, "direct"), row(5, "direct", { pinned: true })];

function keys(filter = ""): string[] {
  return sectioned(rows, filter).map(({ key }) => key);
}

test("pinned ones stand first, whatever they are, and hidden ones not at all", () => {
  expect(keys()).toEqual(["pinned", "c 3", "c 5", "direct", "c 4", "groups", "c 1"]);
});

test("a hidden one is found by its name", () => {
  expect(keys("t2")).toEqual(["direct", "c 2"]);
});
