/** State is the fold of the log (promise L6): the recorded stories that the Python fold is held to end in the same page here. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { UNKNOWN, type Durable } from "../../src/core/link/actions.ts";
import { Mirror } from "../../src/core/mirror.ts";
import type { ConversationId, DeviceId, Row, UserId } from "../../src/core/port.ts";
import type { Entry } from "../../src/core/protocol/types.ts";
import { Memory } from "../../src/core/store/memory.ts";
import { batchOf } from "../../src/core/sync/apply.ts";
import { look } from "../../src/core/sync/look.ts";
import { rowOf } from "../../src/core/sync/rows.ts";

const FOLDER = join(import.meta.dirname, "../../../tests/contracts/vectors/folds");

interface Part {
  readonly head: number;
  readonly entries: readonly Entry[];
}

/** What one reader could be told: parts of pages at some times, every event, and the page at the end. */
interface Story {
  readonly reader: UserId;
  readonly parts: readonly Part[];
  readonly events: readonly Entry[];
  readonly fresh: readonly Entry[];
}

/** A device that reads the parts, each `late` events after its time, and gets all events. */
async function held({ reader, parts, events }: Story, late: number, kinds: (entry: Entry) => boolean = () => true): Promise<readonly Row[]> {
  const id = events[0]?.conversation_id as ConversationId;
  const store = new Memory();
  const mirror = new Mirror({ user_id: reader, device_id: 1 as DeviceId, name: "" }, await store.load());
  const apply = async (entries: readonly Entry[], cursor: number): Promise<void> => {
    const action: Durable = { type: "apply", conversation_id: id, entries, position: { ...UNKNOWN, cursor, head: cursor } };
    const batch = batchOf([action], mirror, 0, await look(store, [action], mirror));
    if (batch === null) return;
    await store.write(batch, null);
    mirror.change(batch, new Set());
  };
  const [first, ...others] = parts;
  const begin = first?.head ?? 0;
  await apply(first?.entries ?? [], begin);
  for (const event of events) {
    if (event.seq <= begin) continue;
    // One that is left out is there without what it does.
    await apply([kinds(event) ? event : ({ ...event, kind: "settings_changed" } as Entry)], event.seq);
    for (const part of others) if (Math.min(part.head + late, events.length) === event.seq) await apply(part.entries, event.seq);
  }
  return store.rows(id, 1, events.length);
}

/** Rows as they are compared: without what is absent, and without one's own choice in an anonymous poll, which pages tell only. */
function said(row: Row): Readonly<Record<string, unknown>> {
  if (row.kind !== "message") return { ...row };
  const fields = Object.entries(row).filter(([, value]) => value != null && !(Array.isArray(value) && value.length === 0));
  return { ...Object.fromEntries(fields), ...(row.poll?.anonymous === true && { poll: { ...row.poll, chosen: [] } }) };
}

function roots(rows: readonly Row[]): number {
  return rows.filter((row) => row.kind === "message" && row.thread !== undefined).length;
}

const stories = readdirSync(FOLDER).map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), "utf-8")) as Story] as const);

test.each(stories.flatMap(([name, story]) => [0, 1, 7].map((late) => [name, late, story] as const)))("%s, pages %i late, ends in the fresh page", async (_name, late, story) => {
  expect((await held(story, late)).map(said)).toEqual(story.fresh.map(rowOf).map(said));
});

test.each([
  "message_edited", "message_deleted", "reaction_added", "reaction_removed", "message_pinned", "message_unpinned", "poll_voted", "poll_closed",
])("without %s some story ends otherwise", async (kind) => {
  const ends = await Promise.all(
    stories.map(async ([, story]) => {
      const rows = await held(story, 0, (entry) => entry.kind !== kind);
      const told = story.fresh.map(rowOf).map(said);
      return rows.map(said).every((row, at) => rows[at]?.kind === "line" || isDeepStrictEqual(row, told[at]));
    }),
  );
  expect(ends).toContain(false);
});

test("without replies the root of a thread knows nothing of them", async () => {
  const [, story] = stories[0] ?? [];
  expect(story).toBeDefined();
  const all = await Promise.all(stories.map(async ([, one]) => [roots(await held(one, 0)), roots(await held(one, 0, (entry) => entry.kind !== "message_sent"))]));
  expect(all.some(([withThem = 0, without = 0]) => withThem > without)).toBe(true);
});
