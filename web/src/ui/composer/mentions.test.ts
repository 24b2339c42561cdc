/** Whom a text mentions, and what is suggested while it is written. */

import { expect, it } from "vitest";
import type { Person, UserId } from "../../core/port.ts";
import { named, namedGroups } from "../messages/tokens/mentions.ts";
import { mentionsIn } from "./mentions.ts";
import { wordAt } from "./word.ts";

const person = (user_id: number, name: string): Person => ({ user_id: user_id as UserId, name });
const PEOPLE = [person(1, "Ada"), person(2, "Ada Lovelace"), person(3, "Grace")];
const GROUPS = [{ name: "crew", user_ids: [1, 3] as UserId[] }];

it.each([
  ["hello @Ada", [1]],
  ["hello @ada lovelace!", [2]],
  ["@Grace, @Ada: look", [3, 1]],
  ["@Adamant and x@Ada.org", []],
  ["@all and @here", [0]],
  ["@crew", [1, 3]],
  ["`@Ada` ```\n@Grace\n``` @Ada Lovelace", [2]],
  ["nobody", []],
])("%s mentions %j", (text, expected) => {
  expect(mentionsIn(text, PEOPLE, GROUPS)).toEqual(expected);
});

it("marks the names in the parts of a text", () => {
  const mentions = [{ name: "Ada", me: false }, { name: "Ada Lovelace", me: true }];
  expect(named("hi @Ada Lovelace, and @Ada", mentions).map(({ text, mention }) => [text, mention?.me ?? null])).toEqual([
    ["hi ", null], ["@Ada Lovelace", true], [", and ", null], ["@Ada", false],
  ]);
  expect(named("me@Ada.org", mentions)).toEqual([{ text: "me@Ada.org", mention: null }]);
});

it.each([
  ["hello @", "@", ""],
  ["hello @Ada Lo", "@", "Ada Lo"],
  ["so :smi", ":", "smi"],
  ["(:+1", ":", "+1"],
])("%s asks for suggestions", (text, sign, word) => {
  expect(wordAt(text, text.length)).toMatchObject({ sign, text: word });
});

it.each(["at 14:00", "x@y", "a:b", ":s", "nothing", "@@"])("%s does not", (text) => {
  expect(wordAt(text, text.length)).toBeNull();
});

it("shows the name of a group of which everybody is mentioned, and whether one is in it", () => {
  const ids = [1, 3, 7] as UserId[];
  expect(namedGroups(ids, GROUPS, 3 as UserId)).toEqual([{ name: "crew", me: true }]);
  expect(namedGroups(ids, GROUPS, 9 as UserId)).toEqual([{ name: "crew", me: false }]);
  expect(namedGroups([1 as UserId], GROUPS, 1 as UserId)).toEqual([]);
  expect(namedGroups(ids, [{ name: "nobody", user_ids: [] }], 1 as UserId)).toEqual([]);
});
