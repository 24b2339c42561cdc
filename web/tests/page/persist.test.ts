/** The browser is asked once to keep this origin's data, and never where it is kept already. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askToPersist, persist, storage } from "../../src/page/persist.ts";

const kept = new Map<string, string>();
const asked = vi.fn(async () => true);
let persisted = false;

beforeEach(() => {
  kept.clear();
  asked.mockClear();
  persisted = false;
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) });
  vi.stubGlobal("navigator", { storage: { persist: asked, persisted: async () => persisted, estimate: async () => ({ usage: 12 }) } });
});

afterEach(() => vi.unstubAllGlobals());

test("it is asked once, however often a conversation is opened", async () => {
  await askToPersist();
  await askToPersist();
  expect(asked).toHaveBeenCalledTimes(1);
});

test("settings ask again", async () => {
  await askToPersist();
  expect(await persist()).toBe(true);
  expect(asked).toHaveBeenCalledTimes(2);
});

test("what is kept already is not asked for", async () => {
  persisted = true;
  await askToPersist();
  expect(asked).not.toHaveBeenCalled();
  expect(await storage()).toEqual({ persisted: true, used: 12 });
});

test("a browser without such a promise breaks nothing", async () => {
  vi.stubGlobal("navigator", {});
  await askToPersist();
  expect(await persist()).toBe(false);
  expect(await storage()).toBe(null);
});
