/** A list of many pages waits where the server asks it to, and ends at what is refused otherwise. */

import { expect, test, vi } from "vitest";
import type { Http } from "../http.ts";
import { everything } from "./pages.ts";

interface Page {
  readonly items: readonly number[];
  readonly cursor?: string;
}

function asking(...answers: readonly unknown[]) {
  const ask = vi.fn<(...asked: unknown[]) => Promise<unknown>>();
  for (const answer of answers) ask.mockResolvedValueOnce(answer);
  return { ask, found: everything<Page, number>({ ask } as unknown as Http, "/v1/list", ({ items }) => items) };
}

test("what comes too fast is asked again when the server says", async () => {
  const slow = { ok: false, error: { code: "rate_limited", message: "", retry_after_ms: 5 } };
  const { ask, found } = asking({ ok: true, value: { items: [1], cursor: "a b" } }, slow, { ok: true, value: { items: [2] } });
  expect(await found).toEqual({ ok: true, value: [1, 2] });
  expect(ask.mock.calls.map(([, path]) => path)).toEqual(["/v1/list", "/v1/list?cursor=a%20b", "/v1/list?cursor=a%20b"]);
});

test("another refusal is the answer", async () => {
  const refusal = { ok: false, error: { code: "forbidden", message: "" } };
  expect(await asking(refusal).found).toEqual(refusal);
});
