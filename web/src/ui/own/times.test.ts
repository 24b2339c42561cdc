import { expect, test } from "vitest";
import { inputOf, momentOf, monday, tomorrow } from "./times.ts";

const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime(); // 23 November 2026 is a Monday

test.each([
  ["on a Monday, the next one", at(23, 8), at(30, 9)],
  ["on a Sunday, the day after", at(29, 23), at(30, 9)],
  ["on a Tuesday, in six days", at(24, 0), at(30, 9)],
])("Monday is %s", (_, now, wanted) => {
  expect(monday(now)).toBe(wanted);
});

test("tomorrow is nine o'clock of the next day, also over the end of a month", () => {
  expect(tomorrow(at(30, 23))).toBe(new Date(2026, 11, 1, 9).getTime());
});

test("an input gives back the minute that it was made of", () => {
  const moment = new Date(2026, 0, 5, 7, 3).getTime();
  expect(inputOf(moment)).toBe("2026-01-05T07:03");
  expect(momentOf(inputOf(moment), moment - 1)).toBe(moment);
});

test.each(["", "nonsense", "2020-01-01T10:00", "2999-01-01T10:00"])("%j is no time to come", (input) => {
  expect(momentOf(input, at(24, 0))).toBeNull();
});
