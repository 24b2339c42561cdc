/** What the marks of others say of a message of one's own. */

import { expect, test } from "vitest";
import type { ConversationId, MemberMarks, MessageRow, Receipts, UserId } from "../../../core/port.ts";
import type { Chat } from "../../state/chat.svelte.ts";
import { ReadBy } from "./receipts.svelte.ts";

const ID = 7 as ConversationId;
const ME = 1 as UserId;
const GRACE = 2 as UserId;
const ALAN = 3 as UserId;

async function opened(found: Partial<Receipts>): Promise<ReadBy> {
  const value = { conversation_id: ID, seq: 9, member_count: 3, ...found };
  const chat = { self: { user_id: ME }, timeline: null, port: { ask: async () => ({ ok: true, value }) } };
  const readBy = new ReadBy(chat as unknown as Chat);
  readBy.open(ID, true);
  await Promise.resolve();
  await Promise.resolve();
  return readBy;
}

function row(seq: number, more: Partial<MessageRow> = {}): MessageRow {
  return { conversation_id: ID, seq, ...more } as MessageRow;
}

function receipt([user_id, delivered, read]: MemberMarks) {
  return { user_id, delivered, read };
}

test("it is delivered or read once it is to all others, oneself aside; what is read is delivered", async () => {
  const readBy = await opened({ members: [receipt([ME, 9, 9]), receipt([GRACE, 9, 5]), receipt([ALAN, 0, 6])] });
  expect(readBy.of(row(5))).toMatchObject({ state: "read", read: 2 });
  expect(readBy.of(row(6))).toMatchObject({ state: "delivered", read: 1, delivered: 2 });
  expect(readBy.of(row(9))).toMatchObject({ state: "sent", read: 0, delivered: 1 });
});

test("marks rise and never fall, in whichever order they are told", async () => {
  const readBy = await opened({ members: [receipt([GRACE, 4, 4])] });
  readBy.told({ type: "watermarks", conversation_id: ID, rows: [[GRACE, 9, 9]] });
  readBy.told({ type: "watermarks", conversation_id: ID, rows: [[GRACE, 6, 6]] });
  readBy.told({ type: "watermarks", conversation_id: 8 as ConversationId, rows: [[ALAN, 1, 1]] });
  expect(readBy.of(row(9))).toMatchObject({ state: "read", others: 1 });
});

test("reading a conversation is not reading its threads", async () => {
  const readBy = await opened({ members: [receipt([GRACE, 9, 9])] });
  expect(readBy.of(row(5, { thread_seq: 2 }))).toMatchObject({ state: "delivered", read: 0 });
  expect(readBy.of(row(5, { thread_seq: 2, broadcast: true }))).toMatchObject({ state: "read" });
});

test("of many members it is told how many have read the latest message, and nothing of others", async () => {
  const readBy = await opened({ member_count: 51, seq: 9, read_count: 12 });
  expect(readBy.of(row(9)).count).toBe(12);
  expect(readBy.of(row(8))).toMatchObject({ state: "sent", count: null });
  readBy.told({ type: "watermarks", conversation_id: ID, seq: 10, read_count: 1 });
  expect([readBy.of(row(9)).count, readBy.of(row(10)).count]).toEqual([null, 1]);
});
