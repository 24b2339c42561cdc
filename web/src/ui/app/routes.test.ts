/** Addresses of conversations: exactly those that the page makes are understood. */

import { expect, it } from "vitest";
import type { ConversationId } from "../../core/port.ts";
import { pathOf, routeOf, seqOf } from "./routes.ts";

it.each([1, 17, 2 ** 53 - 1])("finds conversation %i again", (id) => {
  expect(routeOf(pathOf(id as ConversationId))).toBe(id);
});

it.each(["/", "/c", "/c/", "/c/0", "/c/01", "/c/-1", "/c/1/0", "/c/1/2/3", "/c/one", "/c/99999999999999999"])(
  "%s is none",
  (path) => {
    expect(routeOf(path)).toBeNull();
  },
);

it("names a message of a conversation", () => {
  expect([routeOf("/c/17/4711"), seqOf("/c/17/4711")]).toEqual([17, 4711]);
  expect(seqOf("/c/17")).toBeNull();
});
