/** What a store promises, on disk (IndexedDB) and in memory: batches whole or not at all, and only from who leads. */

import "fake-indexeddb/auto";
import { openDB } from "idb";
import { beforeEach, describe, expect, test } from "vitest";
import { UNKNOWN } from "../../src/core/link/actions.ts";
import type { ChangeRow, ConversationId, MessageRow, UserId } from "../../src/core/port.ts";
import { databaseName, deleteDisk, openDisk } from "../../src/core/store/disk.ts";
import { Memory } from "../../src/core/store/memory.ts";
import { Fenced, type OutboxRecord, type Store } from "../../src/core/store/schema.ts";
import { unknownConversation } from "../../src/core/sync/fold.ts";

const ID = 7 as ConversationId;
const OTHER = 8 as ConversationId;
const stores: Record<string, () => Promise<Store>> = {
  disk: () => openDisk(1, () => undefined),
  memory: async () => new Memory(),
};

function row(seq: number, id = ID): MessageRow {
  return {
    kind: "message", key: `1/${id}-${seq}`, conversation_id: id, seq, sender_id: 1 as UserId, client_id: `${id}-${seq}`, created_at: seq, body: `${seq}`,
    tokens: [], target_seq: null, ordinal: seq, state: "sent", error: null,
  };
}

function queued(client_id: string): OutboxRecord {
  return {
    conversation_id: ID, client_id, device_id: 1 as never, command: { type: "send", id: 0, client_id, conversation_id: ID, body: "x" }, state: "queued",
    seq: null, error: null, created_at: 1, tokens: [],
  };
}

describe.each(Object.keys(stores))("on %s", (name) => {
  let store: Store;
  let term: number;

  beforeEach(async () => {
    if (name === "disk") await deleteDisk(1);
    store = (await stores[name]?.()) as Store;
    term = await store.lead();
    return () => store.close();
  });

  test("what is written is read again", async () => {
    const draft = { text: "hal", target_seq: null, selection: [3, 3], changed_at: 1 } as const;
    await store.write({ meta: { epoch: "e", token: "t" }, conversations: [unknownConversation(ID)], rows: [row(1), row(2)], outbox: [queued("a")], drafts: [[[ID, 0], draft], [[ID, 3], draft]] }, term);
    const loaded = await store.load();
    expect(loaded.meta).toEqual({ epoch: "e", token: "t", self: null });
    expect(loaded.conversations).toEqual([unknownConversation(ID)]);
    expect(loaded.outbox.map(({ client_id }) => client_id)).toEqual(["a"]);
    expect(loaded.drafts).toEqual([[[ID, 0], draft], [[ID, 3], draft]]);
    expect((await store.rows(ID, 1, 9)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect((await store.rowAtOrBelow(ID, 9))?.seq).toBe(2);
    expect(await store.rowAtOrBelow(OTHER, 9)).toBe(null);
  });

  test("a leader that was replaced writes nothing", async () => {
    const next = await store.lead();
    await expect(store.write({ meta: { token: "late" }, rows: [row(1)] }, term)).rejects.toBeInstanceOf(Fenced);
    expect(await store.rows(ID, 0, 9)).toEqual([]);
    expect((await store.load()).meta.token).toBe(null);
    await store.write({ rows: [row(1)] }, next);
    expect((await store.rows(ID, 0, 9)).length).toBe(1);
  });

  test("any tab writes its own commands, whoever leads", async () => {
    await store.lead();
    await store.write({ outbox: [queued("b"), queued("a")] }, null);
    expect((await store.load()).outbox.map(({ client_id }) => client_id)).toEqual(["a", "b"]);
  });

  test("what is settled leaves the outbox with the rows it became", async () => {
    await store.write({ outbox: [queued("a")] }, null);
    await store.write({ rows: [row(1)], settled: [{ conversation_id: ID, client_id: "a", key: "1/a", outcome: { type: "discarded" } }] }, term);
    expect((await store.load()).outbox).toEqual([]);
  });

  test("a cut takes what is above, and leaves other conversations alone", async () => {
    await store.write({ rows: [row(1), row(2), row(3), row(3, OTHER)] }, term);
    await store.write({ cut: [[ID, 1]], rows: [row(2)] }, term);
    expect((await store.rows(ID, 0, 9)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect((await store.rows(OTHER, 0, 9)).length).toBe(1);
  });

  test("rows that are let go are gone, those beside them and the commands are not", async () => {
    await store.write({ rows: [row(1), row(2), row(3), row(2, OTHER)], outbox: [queued("a")] }, term);
    await store.write({ evicted: [[ID, 2, 2]] }, term);
    expect((await store.rows(ID, 0, 9)).map(({ seq }) => seq)).toEqual([1, 3]);
    expect((await store.rows(OTHER, 0, 9)).length).toBe(1);
    expect((await store.load()).outbox.length).toBe(1);
  });

  test("rows that may be stale go, and changed ones take their place", async () => {
    await store.write({ rows: [row(1), row(2), row(3)] }, term);
    await store.write({ stale: [[ID, 1, 2]], changed: [{ ...row(3), body: "edited" }] }, term);
    expect((await store.rows(ID, 0, 9)).map((found) => found.kind === "message" && found.body)).toEqual(["edited"]);
  });

  test("changes are found by what they change, replies by the thread they are in", async () => {
    const change = (seq: number, target_seq: number): ChangeRow => ({ ...row(seq), kind: "change", entry: { kind: "message_pinned", seq, target_seq } as never });
    await store.write({ rows: [row(1), row(2), change(3, 2), change(4, 1), change(5, 1), { ...row(6), thread_seq: 2 }, { ...row(7, OTHER), thread_seq: 2 }] }, term);
    expect((await store.changes(ID, 1, 2)).map(({ seq }) => seq)).toEqual([4, 5, 3]);
    expect((await store.changes(ID, 2, 9)).map(({ seq }) => seq)).toEqual([3]);
    expect((await store.replies(ID, 2, 2)).map(({ seq }) => seq)).toEqual([6]);
    expect(await store.replies(ID, 3, 9)).toEqual([]);
  });

  test("of a conversation that is gone nothing stays", async () => {
    await store.write({ conversations: [unknownConversation(ID), unknownConversation(OTHER)], rows: [row(1), row(1, OTHER)], outbox: [queued("a")] }, term);
    await store.write({ gone: [ID] }, term);
    const loaded = await store.load();
    expect(loaded.conversations.map(({ conversation_id }) => conversation_id)).toEqual([OTHER]);
    expect(loaded.outbox).toEqual([]);
    expect(await store.rows(ID, 0, 9)).toEqual([]);
    expect((await store.rows(OTHER, 0, 9)).length).toBe(1);
  });
});

test("of a batch that the disk refuses in the middle nothing is written", async () => {
  const disk = await openDisk(2, () => undefined);
  const wrong = { ...row(2), body: () => "no data" } as unknown as MessageRow;
  await expect(disk.write({ rows: [row(1), wrong] }, await disk.lead())).rejects.toThrow();
  expect(await disk.rows(ID, 0, 9)).toEqual([]);
  disk.close();
});

test("a disk of the first version keeps what only it has, and is told the rest again", async () => {
  await deleteDisk(3);
  const draft = { text: "hal", target_seq: null, selection: [3, 3], changed_at: 1 } as const;
  const old = await openDB(databaseName(3), 1, {
    upgrade(made) {
      for (const [name, keyPath] of Object.entries({ conversations: "conversation_id", messages: ["conversation_id", "seq"], people: "user_id", outbox: ["conversation_id", "client_id"], drafts: "conversation_id" })) {
        made.createObjectStore(name, { keyPath });
      }
      made.createObjectStore("meta");
    },
  });
  await old.put("meta", "t", "token");
  await old.put("meta", { user_id: 3 }, "self");
  await old.put("conversations", { ...unknownConversation(ID), title: "known", position: { ...UNKNOWN, cursor: 9, head: 9, read: 4 } });
  await old.put("messages", row(1));
  await old.put("outbox", queued("a"));
  await old.put("drafts", { conversation_id: ID, draft });
  old.close();
  const disk = await openDisk(3, () => undefined);
  const loaded = await disk.load();
  expect(loaded.meta).toEqual({ epoch: null, token: null, self: { user_id: 3 } });
  expect(loaded.conversations).toMatchObject([{ title: "known", position: { cursor: null } }]);
  expect(loaded.outbox).toEqual([queued("a")]);
  expect(loaded.drafts).toEqual([[[ID, 0], draft]]);
  expect(await disk.rows(ID, 0, 9)).toEqual([]);
  disk.close();
});

test("each account has a database of its own", () => {
  expect(databaseName(1)).not.toBe(databaseName(2));
});
