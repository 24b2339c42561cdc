/** Who is shown typing, for how long, and how often it is said of oneself. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConversationId, MessageRow, TypingTold, UserId } from "../../../core/port.ts";
import type { Chat } from "../../state/chat.svelte.ts";
import { Typists } from "./typists.svelte.ts";

const ID = 7 as ConversationId;
const [ME, GRACE, ALAN] = [1, 2, 3] as UserId[] as [UserId, UserId, UserId];

function page() {
  const said: unknown[] = [];
  const ask = async (name: string, input: unknown) => said.push([name, input]);
  const chat = { self: { user_id: ME }, blocked: new Set([ALAN]), port: { ask } } as unknown as Chat;
  return { said, typists: new Typists(chat) };
}

function typing(user_id: UserId, on = true, thread_seq: number | null = null): TypingTold {
  return { type: "typing", conversation_id: ID, user_id, on, thread_seq };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("who types is shown for six seconds after the last news, in his place only", () => {
  const { typists } = page();
  typists.told(typing(GRACE));
  vi.advanceTimersByTime(4_000);
  typists.told(typing(GRACE));
  vi.advanceTimersByTime(5_900);
  expect(typists.at(ID, 0)).toEqual([GRACE]);
  expect(typists.at(ID, 5)).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(typists.at(ID, 0)).toEqual([]);
});

test("neither oneself nor whom one has blocked is shown; a message or a word ends it", () => {
  const { typists } = page();
  for (const who of [ME, ALAN]) typists.told(typing(who));
  expect(typists.at(ID, 0)).toEqual([]);
  typists.told(typing(GRACE));
  typists.said({ conversation_id: ID, sender_id: GRACE } as MessageRow);
  expect(typists.at(ID, 0)).toEqual([]);
  typists.told(typing(GRACE, true, 5));
  typists.told(typing(GRACE, false, 5));
  expect(typists.at(ID, 5)).toEqual([]);
});

test("one's own typing is said once in three seconds, and its end once", () => {
  const { said, typists } = page();
  typists.type(ID, 0, false);
  for (let key = 0; key < 35; key += 1) {
    typists.type(ID, 0, true);
    vi.advanceTimersByTime(100);
  }
  typists.type(ID, 0, false);
  typists.type(ID, 0, false);
  const place = { conversation_id: ID, thread_seq: 0 };
  expect(said).toEqual([true, true, false].map((on) => ["typing", { ...place, on }]));
});
