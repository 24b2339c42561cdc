/** What another app gives is written once. */

import { expect, test } from "vitest";
import { sharedOf } from "./shared.ts";

function at(pathname: string, search: string): string {
  return sharedOf({ pathname, search } as Location);
}

test("what is shared is each of its parts once, and only at its address", () => {
  expect(at("/share", "?title=A+page&text=A+page+https%3A%2F%2Fexample.org&url=")).toBe("A page\nA page https://example.org");
  expect(at("/share", "?text=look%20https%3A%2F%2Fexample.org&url=https%3A%2F%2Fexample.org")).toBe("look https://example.org");
  expect(at("/share", "")).toBe("");
  expect(at("/c/1", "?text=x")).toBe("");
});
