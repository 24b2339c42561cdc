import { expect, test } from "vitest";
import type { ConversationRow, PeopleGroup, UserId } from "../../core/port.ts";
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

test("a group is mentioned as soon as the page knows it", () => {
  const known = { people: new Map(), groups: [] as readonly PeopleGroup[] };
  const help = new Suggesting(known as unknown as Chat, () => ({ member_count: 3 }) as ConversationRow);
  expect(help.mentions("@ops look")).toEqual([]);
  known.groups = [{ name: "ops", user_ids: [2 as UserId, 3 as UserId] }];
  expect(help.mentions("@ops look")).toEqual([2, 3]);
});

test("a member is suggested and mentioned by the name that the page has learnt since", async () => {
  const members = { ok: true, value: [{ user_id: 2 as UserId, name: "Bob", role: "member" }] };
  const known = { people: new Map([[2 as UserId, "Bob"]]), groups: [], self: { user_id: 1 }, port: { ask: () => Promise.resolve(members) } };
  const help = new Suggesting(known as unknown as Chat, () => ({ kind: "group", member_count: 3 }) as ConversationRow);
  await help.look("@b", 2);
  expect(help.found.map(({ text }) => text)).toEqual(["@Bob"]);
  known.people.set(2 as UserId, "Robert");
  await help.look("@r", 2);
  expect(help.found.map(({ text }) => text)).toEqual(["@Robert"]);
  expect(help.mentions("@Robert hello")).toEqual([2]);
});
