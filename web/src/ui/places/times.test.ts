import { expect, test } from "vitest";
import { span } from "./times.ts";

test("a wait is said in seconds, then with minutes, then with hours, and never below nothing", () => {
  expect([-5, 1, 1_000, 59_001, 60_000, 125_000, 3_600_000, 3_725_000].map(span)).toEqual([
    "0 s", "1 s", "1 s", "1:00 min", "1:00 min", "2:05 min", "1:00 h", "1:02 h",
  ]);
});
