/** The small rules: keys that rise, ranges that are held, counts, folds, waits and codes. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { UNKNOWN, type Durable, type Position } from "../../src/core/link/actions.ts";
import { Backoff } from "../../src/core/link/backoff.ts";
import { Heartbeat } from "../../src/core/link/heartbeat.ts";
import { nextClientId, timeOf } from "../../src/core/outbox/order.ts";
import type { ConversationId, DeviceId, MessageRow, UserId } from "../../src/core/port.ts";
import { afterClose, isFinal } from "../../src/core/protocol/codes.ts";
import { decode } from "../../src/core/protocol/frames.ts";
import type { Conversation, Entry, MessageSent } from "../../src/core/protocol/types.ts";
import { Memory } from "../../src/core/store/memory.ts";
import { batchOf, outboxRecord } from "../../src/core/sync/apply.ts";
import { detailed, folded, unknownConversation } from "../../src/core/sync/fold.ts";
import { heldAround } from "../../src/core/sync/held.ts";
import { rowOf } from "../../src/core/sync/rows.ts";
import { look } from "../../src/core/sync/look.ts";
import { followed, readUpTo, withMarks, withReply } from "../../src/core/sync/threads.ts";
import { firstUnread, unreadAbove } from "../../src/core/sync/unread.ts";

const ME = 1 as UserId;
const ADA = 2 as UserId;
const ID = 7 as ConversationId;
const fields = { conversation_id: ID, sender_id: ADA, device_id: 20 as DeviceId, client_id: "c", created_at: "2026-01-01T00:00:00Z" };

function message(seq: number, sender: UserId, body = "x"): Entry {
  return { ...fields, kind: "message_sent", seq, sender_id: sender, client_id: `c${seq}`, ordinal: seq, body };
}

test("a key is a UUIDv7 above the last one, whatever the clock says", () => {
  const time = fc.integer({ min: 0, max: 2 ** 46 });
  fc.assert(
    fc.property(fc.array(time, { minLength: 2, maxLength: 20 }), (times) => {
      let last: string | null = null;
      for (const now of times) {
        const key: string = nextClientId(now, last);
        expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(timeOf(key)).toBeGreaterThanOrEqual(now);
        if (last !== null) expect(key > last).toBe(true);
        last = key;
      }
    }),
  );
});

test("what is held around a seq is everything up to the next hole", () => {
  const position: Position = { ...UNKNOWN, cursor: 100, head: 100, first: 5, holes: [[20, 30], [50, 60]] };
  expect(heldAround(position, 100)).toEqual([61, 100]);
  expect(heldAround(position, 40)).toEqual([31, 49]);
  expect(heldAround(position, 5)).toEqual([5, 19]);
  for (const seq of [4, 20, 30, 55, 101]) expect(heldAround(position, seq)).toBe(null);
  expect(heldAround(UNKNOWN, 1)).toBe(null);
});

test("messages of others above the watermark are unread, until one's own last one", () => {
  const rows = [message(1, ADA), message(2, ME), message(3, ADA), message(4, ADA)].map(rowOf);
  expect(unreadAbove(rows, 0, ME)).toBe(2);
  expect(unreadAbove(rows, 3, ME)).toBe(1);
  expect(unreadAbove(rows, 4, ME)).toBe(0);
  expect(unreadAbove([message(10, ADA), message(40, ADA)].map(rowOf), 10, ME), "what lies in a hole counts").toBe(30);
  expect(firstUnread(rows, 1, ME)).toBe(3);
  expect(firstUnread(rows, 4, ME)).toBe(null);
});

test("a conversation follows its settings, its members and its last message", () => {
  const start = { ...unknownConversation(ID), member_count: 2, roster_version: 3, details_head: 5, title: "old" };
  const entries: Entry[] = [
    { ...fields, kind: "member_added", seq: 5, user_id: ADA, role: "member", roster_version: 3 },
    { ...fields, kind: "settings_changed", seq: 6, title: "new" },
    { ...fields, kind: "member_added", seq: 7, user_id: ME, role: "admin", roster_version: 4 },
    message(8, ADA, "**hi** there"),
    { ...fields, kind: "member_left", seq: 9, user_id: ADA, roster_version: 5 },
  ];
  const now = folded(start, entries, UNKNOWN, ME);
  expect(now).toMatchObject({ title: "new", member_count: 2, roster_version: 5, role: "admin" });
  expect(folded(now, entries, UNKNOWN, ME), "an entry folded twice changes nothing").toEqual(now);
});

test("rules follow the settings, and what the server said before an entry that is held changes nothing", () => {
  const found = { conversation_id: ID, kind: "channel", visibility: "public", title: "bees", member_count: 2, roster_version: 3, role: "member", head: 5, read: 0, unread: 0 } as Conversation;
  const known = detailed(unknownConversation(ID), { ...found, slow_mode_s: 30, history: "all" });
  expect(known.rules).toEqual({ archived: false, history: "all", post_role: "member", invite_role: "admin", slow_mode_s: 30 });
  const entries: Entry[] = [{ ...fields, kind: "settings_changed", seq: 6, archived: true, slow_mode_s: 0 }];
  const now = folded(known, entries, UNKNOWN, ME);
  expect(now.rules).toMatchObject({ archived: true, history: "all", slow_mode_s: 0 });
  expect(detailed(now, found)).toBe(now);
  expect(detailed(now, { ...found, head: 6, roster_version: 2 })).toBe(now);
  expect(detailed(now, { ...found, head: 6 }).rules?.archived).toBe(false);
  expect(detailed(folded(unknownConversation(ID), entries, UNKNOWN, ME), found).details_head, "it is asked for again").toBe(-1);
});

test("the last message of a conversation is the newest of its main timeline, as it is now", () => {
  const known = { session: { user_id: ME, device_id: 9 as DeviceId, name: "" }, conversations: new Map(), outbox: new Map() };
  const lastAfter = (...entries: readonly Entry[]): unknown =>
    batchOf([{ type: "apply", conversation_id: ID, entries, position: UNKNOWN }], known, 0)?.conversations?.[0]?.last;
  const reply = { ...(message(3, ADA, "in the thread") as MessageSent), thread_seq: 2 };
  expect(lastAfter(message(2, ADA, "**hi** there"), reply)).toMatchObject({ seq: 2, text: "hi there" });
  expect(lastAfter(message(2, ADA, "hi"), { ...reply, broadcast: true })).toMatchObject({ seq: 3 });
  expect(lastAfter(message(2, ADA, "hi"), { ...fields, kind: "message_edited", seq: 3, target_seq: 2, body: "ho" })).toMatchObject({ seq: 2, text: "ho" });
  expect(lastAfter(message(2, ADA, "hi"), { ...fields, kind: "message_deleted", seq: 3, target_seq: 2 })).toMatchObject({ seq: 2, text: "" });
});

test("a thread is followed by who replies, is mentioned in it or wrote its root, and has the server's numbers", () => {
  const record = unknownConversation(ID);
  const root = rowOf(message(1, ADA)) as MessageRow;
  const reply = (seq: number, sender: UserId, more: object = {}): MessageSent => ({ ...message(seq, sender), thread_seq: 1, ...more }) as MessageSent;
  const marks = (...replies: readonly MessageSent[]): unknown => replies.reduce((so, one) => withReply(so, one, root, ME), record).threads?.[1];
  expect(marks(reply(2, ADA), reply(3, ADA, { mentions: [0] }))).toBeUndefined();
  expect(marks(reply(2, ADA), reply(3, ADA, { mentions: [ME] }), reply(4, ADA))).toEqual({ following: true, read: 0, unread: 2, mentions: 1, counted: 4 });
  expect(marks(reply(2, ME), reply(3, ADA), reply(4, ADA, { broadcast: true }))).toMatchObject({ following: true, read: 2, unread: 1 });
  expect(withReply(record, reply(2, ADA), { ...root, sender_id: ME }, ME).threads?.[1]).toMatchObject({ following: true, unread: 1 });
  const told = withMarks(record, 1, { following: true, read: 4, unread: 3, mentions: 0, counted: 9 });
  expect(withReply(told, reply(9, ADA), root, ME), "it is in the server's number").toBe(told);
  expect(withReply(told, reply(10, ADA), root, ME).threads?.[1]?.unread).toBe(4);
  expect(withMarks(told, 1, { read: 3, unread: 9 }), "a watermark never falls").toBe(told);
});

test("what this user has read of a thread, and that he follows it, is known before the server tells other devices", () => {
  const replies = [message(2, ADA), message(3, ME), message(4, ADA), message(5, ADA)].map((one) => ({ ...(rowOf(one) as MessageRow), thread_seq: 1 }));
  expect(readUpTo(replies, 2, ME)).toEqual({ read: 2, unread: 2, mentions: 0 });
  expect(followed(replies, true)).toEqual({ following: true, read: 5, unread: 0, mentions: 0 });
  const left = withMarks(withMarks(unknownConversation(ID), 1, followed(replies, true)), 1, followed(replies, false));
  expect(left.threads?.[1]).toMatchObject({ following: false, read: 5 });
});

test.each([true, false])("one's own choice in an anonymous poll is kept, whether its entry came before the ack or after it", async (isHeld) => {
  const session = { user_id: ME, device_id: 9 as DeviceId, name: "" };
  const poll = rowOf({ ...fields, kind: "poll_started", seq: 2, question: "?", options: ["a", "b"], anonymous: true });
  const store = new Memory();
  await store.write({ rows: [poll] }, null);
  const vote = outboxRecord({ type: "vote", id: 0, client_id: "v", conversation_id: ID, target_seq: 2, options: [1] }, session, 0);
  const known = { session, conversations: new Map(), outbox: new Map([["v", vote]]) };
  const ack = { type: "acked", client_id: "v", conversation_id: ID, seq: 3, created_at: "2026-01-01T00:00:00Z", duplicate: false, awaits_entry: !isHeld } as const;
  const actions: readonly Durable[] = isHeld ? [ack] : [ack, { type: "settled", client_id: "v" }];
  const batch = batchOf(actions, known, 0, await look(store, actions, known));
  expect(batch?.changed).toMatchObject([{ seq: 2, poll: { chosen: [1] } }]);
  expect(batch?.settled).toMatchObject([{ outcome: { type: "stored", seq: 3 } }]);
});

test("a page that brings an entry again takes nothing back of what came with it", () => {
  const known = { session: { user_id: ME, device_id: 9 as DeviceId, name: "" }, conversations: new Map(), outbox: new Map() };
  const sent = message(2, ADA);
  const reaction: Entry = { ...fields, kind: "reaction_added", seq: 3, target_seq: 2, emoji: "👍" };
  const actions = [sent, reaction, sent].map((entry): Durable => ({ type: "apply", conversation_id: ID, entries: [entry], position: { ...UNKNOWN, cursor: 3, head: 3 } }));
  const batch = batchOf(actions, known, 0);
  expect(batch?.rows).toMatchObject([{ seq: 2, reactions: [["👍", 1, false]] }, { seq: 3 }]);
});

test("an entry of an unknown kind keeps its place", () => {
  const unknown = { ...fields, kind: "poll_opened", seq: 3 } as unknown as Entry;
  expect(rowOf(unknown)).toMatchObject({ kind: "line", seq: 3, entry: { kind: "unsupported" } });
  expect(folded(unknownConversation(ID), [unknown], UNKNOWN, ME).last).toBe(null);
});

test("two devices with one key are two rows", () => {
  const other = rowOf({ ...message(1, ADA), device_id: 21 as DeviceId } as Entry) as MessageRow;
  expect(other.key).not.toBe(rowOf(message(1, ADA)).key);
});

test("waits double under their bound and begin again after a success", () => {
  const backoff = new Backoff(() => 1);
  const waits = Array.from({ length: 10 }, () => backoff.waitS());
  expect(waits.slice(0, 4)).toEqual([0.5, 1, 2, 4]);
  expect(Math.max(...waits)).toBe(30);
  backoff.succeeded();
  expect(backoff.waitS()).toBe(0.5);
  expect(new Backoff(() => 0.5).withinS([1_000, 3_000])).toBe(2);
});

test("a connection that does not answer its ping is given up, sooner when it is in doubt", () => {
  const heartbeat = new Heartbeat();
  heartbeat.begin(0, 25_000);
  expect(heartbeat.isDue(24)).toBe(false);
  expect(heartbeat.isDue(25)).toBe(true);
  expect(heartbeat.isLost(34)).toBe(false);
  expect(heartbeat.isLost(35)).toBe(true);
  heartbeat.heard();
  heartbeat.hurry(40);
  expect(heartbeat.isDue(40)).toBe(true);
  expect(heartbeat.isLost(43)).toBe(true);
});

test("codes say whether to come back and whether to send again", () => {
  expect([1006, 1012, 4000, 4003, 4408].map(afterClose)).toEqual(Array(5).fill("reconnect"));
  expect([4401, 4409, 4410, 4426, 4400].map(afterClose)).toEqual(["sign_in", "replaced", "revoked", "upgrade", "stop"]);
  expect(isFinal({ type: "error", code: "unavailable", message: "" })).toBe(false);
  expect(isFinal({ type: "error", code: "rate_limited", message: "" })).toBe(false);
  expect(isFinal({ type: "error", code: "rate_limited", message: "", reason: "mention_all", retry_after_ms: 500_000 })).toBe(true);
  expect(isFinal({ type: "error", code: "forbidden", message: "" })).toBe(true);
  expect(isFinal({ type: "error", code: "never_heard_of", message: "" })).toBe(true);
});

test("any text is frames or null; unknown frames are left out", () => {
  expect(decode('[{"type":"ok","id":1},{"type":"party"}]')).toEqual([{ type: "ok", id: 1 }]);
  for (const text of ["", "{", "7", "null", "[1]", '{"type":7}']) expect(decode(text)).toBe(null);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decode(text)));
});
