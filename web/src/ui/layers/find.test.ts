/** A few letters find the conversation that one means. */

import { expect, test } from "vitest";
import type { ConversationRow } from "../../core/port.ts";
import { find } from "./find.ts";

function row(conversation_id: number, title: string, unread = 0, hidden = false): ConversationRow {
  return { conversation_id, kind: "group", title, unread, mine: { hidden } } as unknown as ConversationRow;
}

const rows = [row(1, "Team lunch"), row(2, "Lunch on Thursday"), row(3, "Blunch"), row(4, "Émile"), row(5, "Other", 2), row(6, "Gone", 0, true)];
const ids = (letters: string, open: number | null = null) => find(rows, letters, open).map(({ conversation_id }) => conversation_id);

test.each([
  ["lunch", [2, 1, 3]],
  ["EMILE", [4]],
  ["gone", [6]],
  ["xyz", []],
])("%s", (letters, expected) => expect(ids(letters)).toEqual(expected));

test("without letters what is unread comes first, the open one last, and nothing hidden", () => {
  expect(ids(" ", 1)).toEqual([5, 2, 3, 4, 1]);
});
