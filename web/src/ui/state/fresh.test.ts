/** What the log does not tell is asked again by who is there, and no oftener than it has to be. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LinkState } from "../../core/port.ts";
import { Fresh } from "./fresh.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const page = () => {
  const learn = vi.fn(() => Promise.resolve());
  const chat = { link: "live" as LinkState, learn };
  const seen = { now: true };
  return { chat, seen, learn, fresh: new Fresh(chat, () => seen.now) };
};

test("who comes back after a minute asks once", () => {
  const { fresh, learn } = page();
  vi.advanceTimersByTime(59_000);
  fresh.turned();
  expect(learn, "the page has just asked").not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  fresh.turned();
  fresh.turned();
  expect(learn).toHaveBeenCalledTimes(1);
});

test("who stays asks every five minutes", () => {
  const { fresh, learn } = page();
  for (let minute = 0; minute < 10; minute += 1) {
    vi.advanceTimersByTime(60_000);
    fresh.stayed();
  }
  expect(learn).toHaveBeenCalledTimes(2);
});

test("nobody is asked without a line, and not for a page that nobody sees: it is as soon as both are there", () => {
  const { fresh, learn, chat, seen } = page();
  vi.advanceTimersByTime(600_000);
  chat.link = "connecting";
  fresh.turned();
  [chat.link, seen.now] = ["live", false];
  fresh.turned();
  fresh.stayed();
  expect(learn).not.toHaveBeenCalled();
  seen.now = true;
  fresh.turned();
  expect(learn).toHaveBeenCalledTimes(1);
});
