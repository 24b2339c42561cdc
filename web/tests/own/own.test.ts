/** The user's own on one device: what is told of it is stored with the rest, and what is written here goes to the others. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { told } from "../../src/core/own/heard.ts";
import { Followed } from "../../src/core/link/followed.ts";
import { UNKNOWN } from "../../src/core/link/actions.ts";
import { Mirror } from "../../src/core/mirror.ts";
import { Sharing } from "../../src/core/own/sharing.ts";
import { mineAfter, withOwn } from "../../src/core/own/told.ts";
import type { ConversationId, DeviceId, Draft, Session, UserId } from "../../src/core/port.ts";
import type { OwnMine, SaveDraft, ServerFrame } from "../../src/core/protocol/types.ts";
import { NO_META, type Batch } from "../../src/core/store/schema.ts";
import { draftAfter } from "../../src/core/sync/drafts.ts";
import { unknownConversation } from "../../src/core/sync/fold.ts";
import { mineOf } from "../../src/core/sync/mine.ts";

const ID = 7 as ConversationId;
const ME: Session = { user_id: 1 as UserId, device_id: 11 as DeviceId, name: "ada" };
const NOW = Date.UTC(2026, 0, 1);
const LEFT = 16;
const MINE: OwnMine = { change: "mine", conversation_id: ID, level: "mentions", muted_until: null, pinned: true, hidden: false, marked_unread: false };

function mirror(drafts: readonly (readonly [readonly [ConversationId, number], Draft])[] = []): Mirror {
  return new Mirror(ME, { meta: NO_META, conversations: [{ ...unknownConversation(ID), details_head: 0 }], people: [], outbox: [], drafts });
}

function draft(text: string, at: number, shared_at?: number): Draft {
  return { text, target_seq: null, selection: [0, 0], changed_at: NOW + at, ...(shared_at !== undefined && { shared_at: NOW + shared_at }) };
}

function elsewhere(text: string, at: number) {
  return { change: "draft", conversation_id: ID, text, changed_at: new Date(NOW + at).toISOString() } as const;
}

describe("how a conversation is", () => {
  test("what is told takes the place of the flags, but not of what they say besides", () => {
    const followed = new Followed(ME.user_id, new Map([[ID, { ...UNKNOWN, cursor: 3, head: 3, flags: LEFT | 4 }]]), () => undefined);
    const actions = told(MINE, followed);
    expect(followed.get(ID).flags).toBe(LEFT | 2);
    expect(actions).toEqual([{ type: "own", what: MINE }]);
    expect(followed.changed()).toMatchObject([{ type: "apply", conversation_id: ID, position: { flags: LEFT | 2 } }]);
  });

  test("it is stored with what else the same moment changes", () => {
    const record = { ...unknownConversation(ID), title: "new", position: { ...UNKNOWN, flags: 3 } };
    const until = new Date(NOW).toISOString();
    const batch = withOwn({ conversations: [record] }, [{ ...MINE, muted_until: until }], mirror());
    const [stored] = batch.conversations ?? [];
    expect(stored).toMatchObject({ title: "new", mine: { level: "mentions", muted_until: NOW } });
    expect(mineOf(stored ?? record)).toEqual({ level: "mentions", muted_until: NOW, pinned: true, hidden: false, marked_unread: false });
  });

  test("that it is muted may be known without knowing until when", () => {
    expect(mineOf({ ...unknownConversation(ID), position: { ...UNKNOWN, flags: 1 } }).muted_until).toBe(Infinity);
  });

  test("what was set here changes only what it names", () => {
    const record = { ...unknownConversation(ID), mine: { level: "all", muted_until: 0 } as const, position: { ...UNKNOWN, flags: 2 } };
    expect(mineAfter(record, { type: "set_mine", conversation_id: ID, hidden: true })).toEqual({ ...MINE, level: "all", hidden: true });
  });

  test("a mute that has passed is none, and one for ever can be told", () => {
    const record = unknownConversation(ID);
    expect(mineAfter(record, { type: "set_mine", conversation_id: ID, muted_until: "1970-01-01T00:00:00Z" }).muted_until).toBeNull();
    const muted = { ...record, position: { ...UNKNOWN, flags: 1 } };
    expect(mineAfter(muted, { type: "set_mine", conversation_id: ID, pinned: true }).muted_until).toBe("9999-12-31T00:00:00.000Z");
  });
});

describe("a draft that is told", () => {
  test("takes the place of an older one, and is not told back", () => {
    const batch = withOwn({}, [elsewhere("there", 5)], mirror([[[ID, 0], draft("here", 1, 1)]]));
    expect(batch.drafts).toEqual([[[ID, 0], { ...draft("there", 5, 5), selection: [5, 5] }]]);
  });

  test("does not take the place of what was written here since", () => {
    expect(withOwn({}, [elsewhere("there", 5)], mirror([[[ID, 0], draft("here", 9, 1)]])).drafts).toBeUndefined();
  });

  test("is believed where this one was told already: the clocks of devices differ", () => {
    expect(withOwn({}, [elsewhere("there", 5)], mirror([[[ID, 0], draft("here", 9, 9)]])).drafts).toHaveLength(1);
  });
});

describe("a draft that goes", () => {
  test("is forgotten where nobody else has it", () => {
    expect(draftAfter(draft("a", 1), null, NOW)).toBeNull();
  });

  test("leaves word where others have it", () => {
    expect(draftAfter(draft("a", 1, 1), null, NOW + 2)).toEqual(draft("", 2, 1));
  });
});

function sharing(known: Mirror, answer: (question: Omit<SaveDraft, "id">) => ServerFrame | null) {
  const asked: Omit<SaveDraft, "id">[] = [];
  const commit = async (make: () => Batch | null): Promise<void> => void known.change(make() ?? {}, new Set());
  const made = new Sharing(known, async (question) => (asked.push(question), answer(question)), commit);
  return { made, asked };
}

describe("sharing", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());

  test("waits until the user rests, then tells the last text once", async () => {
    const known = mirror([[[ID, 0], draft("abc", 3)]]);
    const { made, asked } = sharing(known, () => ({ type: "ok", id: 1 }));
    made.soon();
    await vi.advanceTimersByTimeAsync(1_500);
    made.soon();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.map(({ text }) => text)).toEqual(["abc"]);
    made.soon();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveLength(1);
  });

  test("of what was sent while it was told, the others hear that it is no more", async () => {
    const known = mirror([[[ID, 0], draft("abc", 3)]]);
    const { made, asked } = sharing(known, ({ text }) => {
      if (text !== "") known.change({ drafts: [[[ID, 0], null]] }, new Set());
      return { type: "ok", id: 1 };
    });
    made.soon();
    await vi.advanceTimersByTimeAsync(2_500);
    made.soon();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(asked.map(({ text }) => text)).toEqual(["abc", ""]);
  });

  test("without a connection it is told when there is one, and what is refused for good is not told again", async () => {
    const known = mirror([[[ID, 0], draft("abc", 3)]]);
    let answer: ServerFrame | null = null;
    const { made, asked } = sharing(known, () => answer);
    made.soon();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(1);
    answer = { type: "error", id: 1, code: "forbidden", message: "" };
    made.soon();
    await vi.advanceTimersByTimeAsync(10_000);
    made.soon();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(2);
  });

  test("too fast: it is told after the time that the server names", async () => {
    const known = mirror([[[ID, 0], draft("abc", 3)]]);
    let answer: ServerFrame = { type: "error", id: 1, code: "rate_limited", message: "", retry_after_ms: 7_000 };
    const { made, asked } = sharing(known, () => answer);
    made.soon();
    await vi.advanceTimersByTimeAsync(3_000);
    answer = { type: "ok", id: 2 };
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toHaveLength(2);
  });
});
