/** One tab leads: the next one when it ends, and by force when it has stopped and the other is visible. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Lead } from "../../src/core/tabs/lead.ts";

interface Waiting {
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

/** Web Locks of one name, with queueing, stealing and aborting as in browsers. */
class Locks {
  #holder: Waiting | null = null;
  #queue: Waiting[] = [];

  request(_name: string, options: LockOptions, hold: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start: () => {
          this.#holder = waiting;
          void hold().then(() => {
            if (this.#holder === waiting) this.#next();
            resolve();
          });
        },
        reject,
      };
      options.signal?.addEventListener("abort", () => {
        this.#queue = this.#queue.filter((one) => one !== waiting);
        reject(new Error("AbortError"));
      });
      if (options.steal === true) this.#holder?.reject(new Error("AbortError"));
      if (options.steal === true || this.#holder === null) waiting.start();
      else this.#queue.push(waiting);
    });
  }

  #next(): void {
    this.#holder = null;
    this.#queue.shift()?.start();
  }
}

interface Tab {
  readonly lead: Lead;
  readonly said: string[];
}

let locks: Locks;

function tab(): Tab {
  const said: string[] = [];
  const lead = new Lead("account", locks as unknown as LockManager, { won: () => said.push("won"), lost: () => said.push("lost") });
  lead.start();
  return { lead, said };
}

/** Time passes; a leader that has not stopped is heard by the others. */
async function pass(ms: number, heardBy: readonly Tab[] = []): Promise<void> {
  for (let at = 0; at < ms; at += 250) {
    for (const { lead } of heardBy) lead.heard();
    await vi.advanceTimersByTimeAsync(250);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  locks = new Locks();
});
afterEach(() => {
  vi.useRealTimers();
});

test("the first tab leads, and the next one when it ends", async () => {
  const [first, second] = [tab(), tab()];
  await pass(3_000, [second]);
  expect([first.said, second.said]).toEqual([["won"], []]);
  first.lead.end();
  await pass(250);
  expect(second.said).toEqual(["won"]);
});

test("a visible tab takes over from a leader that has stopped, and the old one leads again after it", async () => {
  const [first, second] = [tab(), tab()];
  await pass(2_500);
  expect([first.said, second.said]).toEqual([["won", "lost"], ["won"]]);
  await pass(2_500, [first]);
  second.lead.end();
  await pass(250, [first]);
  expect(first.said).toEqual(["won", "lost", "won"]);
});

test("a hidden tab takes nothing by force", async () => {
  const [first, second] = [tab(), tab()];
  second.lead.visible(false);
  await pass(10_000);
  expect([first.said, second.said]).toEqual([["won"], []]);
});

test("without locks a tab leads alone", () => {
  const said: string[] = [];
  new Lead("account", undefined, { won: () => said.push("won"), lost: () => said.push("lost") }).start();
  expect(said).toEqual(["won"]);
});
