/** The byte counter: silent until it matters, exact at the limit. */

import { expect, it } from "vitest";
import { BODY_BYTES, bytesLeft } from "./bytes.ts";

it("says nothing far from the limit", () => {
  expect(bytesLeft("x".repeat(BODY_BYTES - 1_024))).toBeNull();
});

it("counts bytes of UTF-8, not letters", () => {
  expect(bytesLeft("é".repeat(BODY_BYTES / 2))).toBe(0);
  expect(bytesLeft("👍".repeat(BODY_BYTES / 4))).toBe(0);
  expect(bytesLeft("x".repeat(BODY_BYTES + 2))).toBe(-2);
});
