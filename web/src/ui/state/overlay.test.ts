/** Wishes say what is to be: over a row that has them already they change nothing, so neither is a moment without them. */

import { expect, it } from "vitest";
import type { ConversationId, MessageRow, PendingChange, Poll, UserId, Wish } from "../../core/port.ts";
import { shown } from "./overlay.ts";

const POLL: Poll = { options: ["a", "b"], multiple: false, anonymous: false, closes_at: null, votes: [2, 1], voters: 3, chosen: [0], closed: false };
const row: MessageRow = {
  kind: "message", key: "2/x", conversation_id: 7 as ConversationId, seq: 5, sender_id: 2 as UserId, client_id: "x", created_at: 1, body: "old",
  tokens: [], target_seq: null, ordinal: 5, state: "sent", error: null, reactions: [["👍", 2, false], ["🎉", 1, true]], poll: POLL,
};
const change = (wish: Wish): PendingChange => ({ client_id: "c", target_seq: 5, wish, tokens: [{ type: "text", text: "new" }] });

it.each([
  [{ type: "edit", body: "new" }, { body: "new", tokens: [{ type: "text", text: "new" }], edited_seq: 5 }],
  [{ type: "delete" }, { body: "", deleted_seq: 5, reactions: [] }],
  [{ type: "react", emoji: "👍" }, { reactions: [["👍", 3, true], ["🎉", 1, true]] }],
  [{ type: "react", emoji: "👀" }, { reactions: [["👍", 2, false], ["🎉", 1, true], ["👀", 1, true]] }],
  [{ type: "unreact", emoji: "🎉" }, { reactions: [["👍", 2, false]] }],
  [{ type: "pin" }, { pinned_seq: 5 }],
  [{ type: "vote", options: [1] }, { poll: { votes: [1, 2], voters: 3, chosen: [1] } }],
  [{ type: "vote", options: [] }, { poll: { votes: [1, 1], voters: 2, chosen: [] } }],
  [{ type: "close_poll" }, { poll: { closed: true } }],
] as const)("%j is shown before the server answers, and again over what it became", (wish, expected) => {
  const now = shown(row, [change(wish)]);
  expect(now).toMatchObject({ ...expected, waits: true });
  expect(shown(now, [change(wish)])).toEqual(now);
});

it("shows one wish after the other", () => {
  expect(shown(row, [change({ type: "react", emoji: "👀" }), change({ type: "unreact", emoji: "👀" })]).reactions).toEqual(row.reactions);
});
