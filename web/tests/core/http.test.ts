/** Asks over HTTP: in turn, so that none is refused for being one of too many. */

import { afterEach, expect, test, vi } from "vitest";
import { Http } from "../../src/core/http.ts";
import type { Credentials } from "../../src/core/protocol/types.ts";

afterEach(() => vi.unstubAllGlobals());

const CREDENTIALS = { access_token: "t", expires_in_s: 600 } as unknown as Credentials;

function asking(): Http {
  const http = new Http({ user_id: 1, device_id: 2, name: "ada" } as never, CREDENTIALS);
  vi.spyOn(http, "token").mockResolvedValue({ ok: true, value: "t" });
  return http;
}

test("of more than a hundred asks that wait, one is refused at once", async () => {
  vi.stubGlobal("fetch", () => new Promise<Response>(() => undefined));
  const http = asking();
  for (let at = 0; at < 103; at += 1) void http.ask("GET", `/${at}`);
  expect(await http.ask("GET", "/one-more")).toMatchObject({ ok: false, error: { code: "rate_limited" } });
});

test("three asks are on their way at once, the others wait for their turn, also after one that fails", async () => {
  const open: { path: string; answer: (status: number) => void }[] = [];
  vi.stubGlobal(
    "fetch",
    (path: string) =>
      new Promise<Response>((resolve) =>
        open.push({ path, answer: (status) => resolve(new Response("{}", { status, headers: { "content-type": "application/json" } })) }),
      ),
  );
  const http = asking();
  const asks = ["/1", "/2", "/3", "/4", "/5"].map((path) => http.ask("GET", path));
  await vi.waitFor(() => expect(open.map((one) => one.path)).toEqual(["/1", "/2", "/3"]));
  await new Promise((later) => setTimeout(later, 20));
  expect(open.length).toBe(3);
  open[1]?.answer(500);
  await vi.waitFor(() => expect(open.map((one) => one.path)).toEqual(["/1", "/2", "/3", "/4"]));
  for (const one of open) one.answer(200);
  await vi.waitFor(() => expect(open.length).toBe(5));
  open[4]?.answer(200);
  expect((await Promise.all(asks)).map((answer) => answer.ok)).toEqual([true, false, true, true, true]);
});
