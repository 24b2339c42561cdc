/** The leader and the user's own: what was told is on disk with the token that says so, and what he set here is so here. */

import { afterEach, expect, test, vi } from "vitest";
import type { Http } from "../../src/core/http.ts";
import { Leader, type LeaderEvents } from "../../src/core/leader.ts";
import { UNKNOWN } from "../../src/core/link/actions.ts";
import { OFFLINE } from "../../src/core/answer.ts";
import { Mirror } from "../../src/core/mirror.ts";
import type { ConversationId, DeviceId, Session, UserId } from "../../src/core/port.ts";
import { LIMITS } from "../../src/core/protocol/types.ts";
import { Memory } from "../../src/core/store/memory.ts";
import type { Batch } from "../../src/core/store/schema.ts";
import { unknownConversation } from "../../src/core/sync/fold.ts";

const ID = 7 as ConversationId;
const ME: Session = { user_id: 1 as UserId, device_id: 11 as DeviceId, name: "ada" };
const TOLD = [
  { change: "draft", conversation_id: ID, text: "half", changed_at: "2026-01-01T00:00:00Z" },
  { change: "mine", conversation_id: ID, level: "mentions", muted_until: null, pinned: true, hidden: false, marked_unread: false },
  { change: "saved" },
];

class Network {
  static readonly OPEN = 1;
  readonly readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor() {
    queueMicrotask(() => this.onopen?.());
  }

  send(text: string): void {
    const frame = JSON.parse(text) as Record<string, unknown>;
    if (frame["type"] === "hello") {
      this.#say({
        type: "welcome", session_id: "s", user_id: 1, device_id: 11, epoch: "e", heartbeat_ms: 25_000, limits: LIMITS,
        server_time: "2026-01-01T00:00:00Z", resume_token: "t", heads: [], more: false, own: TOLD,
      });
    } else {
      this.#say({ type: "ok", id: frame["id"] });
    }
  }

  close(): void {}

  #say(frame: unknown): void {
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(frame) }));
  }
}

afterEach(() => void vi.unstubAllGlobals());

test("what welcome tells is written with its token, and what is set here is so on this device too", async () => {
  vi.stubGlobal("WebSocket", Network);
  vi.stubGlobal("self", { location: { href: "http://localhost/" } });
  const store = new Memory();
  await store.write({ conversations: [{ ...unknownConversation(ID), details_head: 0, position: { ...UNKNOWN, cursor: 0 } }] }, null);
  const term = await store.lead();
  const mirror = new Mirror(ME, await store.load());
  const written: Batch[] = [];
  const http = { token: async () => ({ ok: true, value: "access" }), expiresAt: Date.now() + 600_000, conversation: async () => OFFLINE } as unknown as Http;
  const events: Partial<LeaderEvents> = {
    commit: async (make) => {
      const batch = make();
      if (batch === null) return;
      await store.write(batch, term);
      written.push(batch);
      mirror.change(batch, new Set());
    },
    link: () => undefined,
    broken: (error) => {
      throw error;
    },
  };
  const leader = new Leader(http, store, mirror, events as LeaderEvents);
  leader.start();
  await vi.waitFor(() => expect(written.some(({ meta }) => meta?.token === "t")).toBe(true));
  const batch = written.find(({ meta }) => meta?.token === "t");
  expect(batch?.drafts).toHaveLength(1);
  expect(batch?.own).toEqual([{ change: "saved" }]);
  expect(mirror.draft(ID, 0)?.text).toBe("half");
  expect(mirror.row(ID)).toMatchObject({ draft: "half", mine: { level: "mentions", pinned: true } });
  const answer = await leader.answer({ type: "tell", question: { type: "set_mine", conversation_id: ID, pinned: false, marked_unread: true } });
  expect(answer.ok).toBe(true);
  expect(mirror.row(ID)?.mine).toMatchObject({ level: "mentions", pinned: false, marked_unread: true });
  await leader.answer({ type: "read", conversation_id: ID, seq: 1 });
  expect(mirror.row(ID)?.mine.marked_unread).toBe(false);
  leader.stop();
});
