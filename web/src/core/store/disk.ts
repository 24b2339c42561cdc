/** The store in IndexedDB: one database for each account, every batch one transaction, fenced by the leader's term. */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from "idb";
import type { ChangeRow, ConversationId, Draft, MessageRow, Person, Row } from "../port.ts";
import { UNKNOWN } from "../link/actions.ts";
import { Fenced, NO_META, type Batch, type ConversationRecord, type Loaded, type Meta, type OutboxRecord, type Store } from "./schema.ts";

/** 2: messages are stored as later entries have made them; drafts have a thread. */
const VERSION = 2;

interface Schema extends DBSchema {
  meta: { key: string; value: unknown };
  conversations: { key: number; value: ConversationRecord };
  messages: { key: [number, number]; value: Row; indexes: { changes: [number, number, number]; replies: [number, number, number] } };
  people: { key: number; value: Person };
  outbox: { key: [number, string]; value: OutboxRecord };
  drafts: { key: [number, number]; value: { readonly conversation_id: ConversationId; readonly thread_seq: number; readonly draft: Draft } };
}

type Name = "meta" | "conversations" | "messages" | "people" | "outbox" | "drafts";
type Writing = IDBPTransaction<Schema, Name[], "readwrite">;

export function databaseName(user_id: number): string {
  return `seriatim-${user_id}`;
}

/** Open the database of an account. `lost` is called when the browser closes it under us. */
export async function openDisk(user_id: number, lost: () => void): Promise<Store> {
  const database = await openDB<Schema>(databaseName(user_id), VERSION, {
    async upgrade(made, before, _version, upgrading) {
      if (before < 1) {
        made.createObjectStore("meta");
        made.createObjectStore("conversations", { keyPath: "conversation_id" });
        made.createObjectStore("messages", { keyPath: ["conversation_id", "seq"] });
        made.createObjectStore("people", { keyPath: "user_id" });
        made.createObjectStore("outbox", { keyPath: ["conversation_id", "client_id"] });
      }
      const messages = upgrading.objectStore("messages");
      messages.createIndex("changes", ["conversation_id", "entry.target_seq", "seq"]);
      messages.createIndex("replies", ["conversation_id", "thread_seq", "seq"]);
      const drafts = before < 1 ? [] : await upgrading.objectStore("drafts").getAll();
      if (before >= 1) made.deleteObjectStore("drafts");
      const kept = made.createObjectStore("drafts", { keyPath: ["conversation_id", "thread_seq"] });
      for (const draft of drafts) quiet(kept.put({ ...draft, thread_seq: 0 }));
      if (before >= 1) await forgetRows(upgrading);
    },
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      lost();
    },
    terminated: lost,
  });
  return new Disk(database);
}

/** What version 1 stored does not know what became of it: it is fetched again. */
async function forgetRows(upgrading: IDBPTransaction<Schema, Name[], "versionchange">): Promise<void> {
  quiet(upgrading.objectStore("messages").clear());
  for (const name of ["epoch", "token"]) quiet(upgrading.objectStore("meta").delete(name));
  const conversations = upgrading.objectStore("conversations");
  for (const record of await conversations.getAll()) quiet(conversations.put({ ...record, position: UNKNOWN, last: null }));
}

/** Delete everything of an account in this browser. */
export async function deleteDisk(user_id: number): Promise<void> {
  await deleteDB(databaseName(user_id));
}

class Disk implements Store {
  readonly kind = "disk";
  readonly #database: IDBPDatabase<Schema>;

  constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  async load(): Promise<Loaded> {
    const reading = this.#database.transaction(["meta", "conversations", "people", "outbox", "drafts"]);
    const [epoch, token, self, conversations, people, outbox, drafts] = await Promise.all([
      reading.objectStore("meta").get("epoch"),
      reading.objectStore("meta").get("token"),
      reading.objectStore("meta").get("self"),
      reading.objectStore("conversations").getAll(),
      reading.objectStore("people").getAll(),
      reading.objectStore("outbox").getAll(),
      reading.objectStore("drafts").getAll(),
    ]);
    const meta = { ...NO_META, ...withoutUndefined({ epoch, token, self }) } as Meta;
    return { meta, conversations, people, outbox, drafts: drafts.map((row) => [[row.conversation_id, row.thread_seq], row.draft]) };
  }

  async lead(): Promise<number> {
    const writing = this.#database.transaction("meta", "readwrite", { durability: "strict" });
    const term = (((await writing.store.get("term")) as number | undefined) ?? 0) + 1;
    await writing.store.put(term, "term");
    await writing.done;
    return term;
  }

  async write(batch: Batch, term: number | null): Promise<void> {
    const own = batch.outbox !== undefined || batch.drafts !== undefined;
    const writing = this.#database.transaction(storesOf(batch), "readwrite", { durability: own ? "strict" : "relaxed" });
    // A rejected request aborts the transaction; `done` tells it, so the requests' own promises are not waited for.
    const done = writing.done;
    if (term !== null && (await writing.objectStore("meta").get("term")) !== term) {
      done.catch(() => undefined);
      writing.abort();
      throw new Fenced("another tab leads");
    }
    try {
      putAll(writing, batch);
      deleteAll(writing, batch);
    } catch (error) {
      done.catch(() => undefined);
      writing.abort(); // Or what was put before the fault would be written.
      throw error;
    }
    await done;
  }

  async rows(id: ConversationId, low: number, high: number): Promise<readonly Row[]> {
    if (low > high) return [];
    return this.#database.getAll("messages", IDBKeyRange.bound([id, low], [id, high]));
  }

  async changes(id: ConversationId, low: number, high: number): Promise<readonly ChangeRow[]> {
    return (await this.#database.getAllFromIndex("messages", "changes", below(id, low, high))) as ChangeRow[];
  }

  async replies(id: ConversationId, low: number, high: number): Promise<readonly MessageRow[]> {
    return (await this.#database.getAllFromIndex("messages", "replies", below(id, low, high))) as MessageRow[];
  }

  async rowAtOrBelow(id: ConversationId, seq: number): Promise<Row | null> {
    const range = IDBKeyRange.bound([id, 0], [id, seq]);
    const cursor = await this.#database.transaction("messages").store.openCursor(range, "prev");
    return cursor?.value ?? null;
  }

  close(): void {
    this.#database.close();
  }
}

/** All that hangs on messages of this range. */
function below(id: ConversationId, low: number, high: number): IDBKeyRange {
  return IDBKeyRange.bound([id, low, 0], [id, high, Infinity]);
}

function storesOf(batch: Batch): Name[] {
  const names: Name[] = ["meta"];
  if (batch.conversations !== undefined || batch.gone !== undefined) names.push("conversations");
  const messages = [batch.rows, batch.changed, batch.gone, batch.cut, batch.evicted, batch.stale];
  if (messages.some((part) => part !== undefined)) names.push("messages");
  if (batch.people !== undefined) names.push("people");
  if (batch.outbox !== undefined || batch.settled !== undefined || batch.gone !== undefined) names.push("outbox");
  if (batch.drafts !== undefined || batch.gone !== undefined) names.push("drafts");
  return names;
}

function putAll(writing: Writing, batch: Batch): void {
  for (const [name, value] of Object.entries(batch.meta ?? {})) quiet(writing.objectStore("meta").put(value, name));
  for (const record of batch.conversations ?? []) quiet(writing.objectStore("conversations").put(record));
  for (const [id, above] of batch.cut ?? []) {
    quiet(writing.objectStore("messages").delete(IDBKeyRange.bound([id, above], [id, Infinity], true)));
  }
  for (const [id, low, high] of [...(batch.evicted ?? []), ...(batch.stale ?? [])]) {
    quiet(writing.objectStore("messages").delete(IDBKeyRange.bound([id, low], [id, high])));
  }
  for (const row of [...(batch.rows ?? []), ...(batch.changed ?? [])]) quiet(writing.objectStore("messages").put(row));
  for (const person of batch.people ?? []) quiet(writing.objectStore("people").put(person));
  for (const record of batch.outbox ?? []) quiet(writing.objectStore("outbox").put(record));
}

function deleteAll(writing: Writing, batch: Batch): void {
  for (const { conversation_id, client_id } of batch.settled ?? []) {
    quiet(writing.objectStore("outbox").delete([conversation_id, client_id]));
  }
  for (const [[conversation_id, thread_seq], draft] of batch.drafts ?? []) {
    const drafts = writing.objectStore("drafts");
    quiet(draft === null ? drafts.delete([conversation_id, thread_seq]) : drafts.put({ conversation_id, thread_seq, draft }));
  }
  for (const id of batch.gone ?? []) {
    quiet(writing.objectStore("conversations").delete(id));
    quiet(writing.objectStore("messages").delete(IDBKeyRange.bound([id, 0], [id, Infinity])));
    quiet(writing.objectStore("outbox").delete(IDBKeyRange.bound([id, ""], [id, "\uffff"])));
    quiet(writing.objectStore("drafts").delete(IDBKeyRange.bound([id, 0], [id, Infinity])));
  }
}

function quiet(request: Promise<unknown>): void {
  request.catch(() => undefined);
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
