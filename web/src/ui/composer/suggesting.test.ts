import { expect, test } from "vitest";
import type { ConversationRow, UserId } from "../../core/port.ts";
import type { Chat } from "../state/chat.svelte.ts";
import { Suggesting } from "./suggesting.svelte.ts";

const chat = { people: new Map([[2 as UserId, "bob"]]), groups: [] } as unknown as Chat;

function asksAgain(text: string, member_count: number): boolean {
  const help = new Suggesting(chat, () => ({ member_count }) as ConversationRow);
  return help.needsWord(help.mentions(text));
}

test("whoever notifies everybody of more than 50 members says so once more", () => {
  expect(asksAgain("@all hear this", 51)).toBe(true);
  expect(asksAgain("@here too", 51)).toBe(true);
  expect(asksAgain("@all hear this", 50)).toBe(false);
  expect(asksAgain("@bob alone", 5_000)).toBe(false);
  expect(asksAgain("all of you", 5_000)).toBe(false);
});
