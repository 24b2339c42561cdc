/** When something was, in few words: in the unit that people would say, and with the year where it is another. */

import { expect, test } from "vitest";
import { ago, shortTime } from "./locale.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const HOUR = 3_600_000;

test.each([
  [0, "this minute"],
  [2 * HOUR, "2 hours ago"],
  [3 * 24 * HOUR, "3 days ago"],
  [61 * 24 * HOUR, "2 months ago"],
  [1_106 * 24 * HOUR, "3 years ago"],
])("%d ms", (ms, said) => {
  expect(ago(NOW - ms, NOW)).toBe(said);
});

test("the narrow column says the year of what is older", () => {
  expect(shortTime(Date.parse("2026-03-05T12:00:00Z"), NOW)).toMatch(/Mar/);
  expect(shortTime(Date.parse("2023-11-14T12:00:00Z"), NOW)).toBe("Nov 2023");
});
