/** Initials of names as people really have them. */

import { expect, it } from "vitest";
import { hueOf, initials } from "./initials.ts";

it.each([
  ["Ada Lovelace", "AL"],
  ["grace", "G"],
  ["Jean-Luc van den Berg", "JB"],
  ["李 娜", "李娜"],
  ["  ", " "],
  ["🦊", "🦊"],
  ["Élodie", "É"],
])("%j has the initials %j", (name, wanted) => {
  expect(initials(name)).toBe(wanted);
});

it("gives one id one of twelve hues for ever", () => {
  expect(new Set(Array.from({ length: 100 }, (_, id) => hueOf(id))).size).toBe(12);
  expect(hueOf(2 ** 53 - 1)).toBe(hueOf(2 ** 53 - 1));
});
