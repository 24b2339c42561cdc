import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConversationRow, MessageRow } from "../../core/port.ts";
import { Pause } from "./pause.svelte.ts";

const NOW = 1_700_000_000_000;
beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const here = (role: string, slow_mode_s: number) => ({ role, rules: { slow_mode_s } }) as ConversationRow;
const mine = (more: object) => ({ state: "sent", created_at: NOW, error: null, ...more }) as MessageRow;

const refused = (reason: string) => mine({ state: "failed", error: { code: "forbidden", message: "", reason, retry_after_ms: 20_000 } });

function wordsAfter(conversation: ConversationRow, row: MessageRow): string {
  const pause = new Pause();
  pause.look(conversation, row);
  return pause.words;
}

test("slow mode counts from the last message, for members only", () => {
  expect(wordsAfter(here("member", 30), mine({}))).toContain("30 s");
  expect(wordsAfter(here("member", 30), mine({ created_at: NOW - 31_000 }))).toBe("");
  expect(wordsAfter(here("admin", 30), mine({}))).toBe("");
  expect(wordsAfter(here("member", 0), mine({}))).toBe("");
});

test("who is silenced is told until when, once it is known, and no longer than it holds", () => {
  const pause = new Pause();
  pause.look(here("member", 0), refused("silenced"));
  expect(pause.words).toContain("for a time");
  pause.silencedUntil(NOW + 60_000);
  expect(pause.words).toContain("until");
  const stop = pause.run();
  vi.advanceTimersByTime(61_000);
  stop();
  expect(pause.words).toBe("");
  pause.look(here("member", 0), mine({}));
  pause.look(here("member", 0), refused("silenced"));
  expect(pause.words, "another silence is not known yet").toContain("for a time");
});

test("a refusal says how long it holds", () => {
  expect(wordsAfter(here("member", 0), refused("silenced"))).toContain("only read here for a time");
  expect(wordsAfter(here("member", 30), refused("slow_mode"))).toContain("20 s");
  expect(wordsAfter(here("member", 30), refused("blocked"))).toBe("");
});
