/** The recorded stories of a link that the Python link is held to: this link comes to the same state from them. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UNKNOWN, isDurable, type Action, type Kept, type OutboxCommand, type Position } from "../../src/core/link/actions.ts";
import type { HeldRow } from "../../src/core/link/epoch.ts";
import { Link } from "../../src/core/link/link.ts";
import { decode } from "../../src/core/protocol/frames.ts";
import type { ConversationId, DeviceId, UserId } from "../../src/core/protocol/types.ts";

const FOLDER = join(import.meta.dirname, "../../../tests/contracts/vectors");
const PAGE_ENTRIES = 200;

type Key = readonly [client_id: string, created_at: string];

interface Step {
  readonly at: number;
  readonly wake?: boolean;
  readonly connected?: string;
  readonly frame?: Readonly<Record<string, unknown>>;
  readonly answers?: string;
  readonly closed?: number;
  readonly tick?: boolean;
  readonly send?: Readonly<Record<string, unknown>>;
  readonly ordered?: boolean;
  readonly read?: readonly [ConversationId, number, number];
  readonly fill?: readonly [ConversationId, number];
  readonly focus?: readonly ConversationId[];
}

interface Story {
  readonly why: string;
  readonly history?: string;
  readonly user_id: UserId;
  readonly device_id: DeviceId;
  readonly start?: {
    readonly epoch?: string;
    readonly token?: string;
    readonly positions?: Readonly<Record<string, Partial<Position>>>;
    readonly entries?: Readonly<Record<string, readonly (readonly [number, string, string])[]>>;
    readonly outbox?: readonly { readonly command: Readonly<Record<string, unknown>>; readonly ordered?: boolean; readonly seq?: number }[];
  };
  readonly steps: readonly Step[];
  readonly expected: Readonly<Record<string, unknown>>;
}

class Runner {
  readonly #link: Link;
  readonly #positions = new Map<ConversationId, Position>();
  readonly #keys = new Map<ConversationId, Map<number, Key>>();
  readonly #applied = new Map<ConversationId, number[]>();
  readonly #outbox = new Map<string, Kept>();
  readonly #acked: Record<string, number> = {};
  readonly #failed: Record<string, string> = {};
  readonly #transmitted: Record<string, unknown>[] = [];
  #epoch: string | null;
  #token: string | null;
  #reconnects = 0;
  #now = 0;

  constructor(story: Story) {
    const { epoch, token, positions, entries, outbox } = story.start ?? {};
    this.#epoch = epoch ?? null;
    this.#token = token ?? null;
    for (const [id, position] of Object.entries(positions ?? {})) this.#positions.set(idOf(id), { ...UNKNOWN, ...position });
    for (const [id, rows] of Object.entries(entries ?? {})) this.#keys.set(idOf(id), new Map(rows.map(([seq, ...key]) => [seq, key])));
    for (const { command, seq } of outbox ?? []) this.#outbox.set(String(command["client_id"]), { command: commandOf(command), seq: seq ?? null });
    this.#link = new Link(
      { user_id: story.user_id, device_id: story.device_id, client: { name: "vectors", version: "1" } },
      { epoch: this.#epoch, token: this.#token, positions: new Map(this.#positions), outbox: [...this.#outbox.values()] },
      () => 0.5,
    );
  }

  step(step: Step): void {
    const link = this.#link;
    this.#now = step.at;
    if (step.wake !== undefined) this.#do(link.wake(step.at));
    if (step.connected !== undefined) this.#do(link.connected(step.at, step.connected));
    if (step.frame !== undefined) this.#frame(step.frame, step.answers);
    if (step.closed !== undefined) this.#do(link.closed(step.at, step.closed));
    if (step.tick !== undefined) this.#do(link.tick(step.at));
    if (step.send !== undefined) this.#do(link.send(step.at, commandOf(step.send)));
    if (step.read !== undefined) this.#do(link.read(step.at, ...step.read));
    if (step.fill !== undefined) this.#fill(...step.fill);
    if (step.focus !== undefined) this.#do(link.focus(step.at, step.focus, false));
  }

  state(): Readonly<Record<string, unknown>> {
    const conversations = [...this.#positions].map(([id, { cursor, head, holes, read, unread, mentions }]) => [
      String(id),
      { cursor, head, holes, read, unread, ...(mentions > 0 && { mentions }), entries: this.#applied.get(id) ?? [] },
    ]);
    return {
      state: this.#link.state,
      epoch: this.#epoch,
      token: this.#token,
      conversations: Object.fromEntries(conversations),
      outbox: [...this.#outbox.keys()],
      acked: this.#acked,
      failed: this.#failed,
      reconnects: this.#reconnects,
      transmitted: this.#transmitted.map(said),
    };
  }

  #frame(told: Readonly<Record<string, unknown>>, answers: string | undefined): void {
    const asked = this.#transmitted.findLast((frame) => frame["type"] === answers);
    const frame = asked === undefined ? told : { ...told, id: asked["id"] };
    for (const one of decode(JSON.stringify(frame)) ?? []) this.#do(this.#link.frame(this.#now, one));
  }

  /** Pages of the past are questions here: asked as far down as the hole, and handed back as a page. */
  #fill(id: ConversationId, before: number): void {
    const hole = this.#link.position(id).holes.findLast(([low]) => low < before);
    const end = hole === undefined ? before : Math.min(before, hole[1] + 1);
    this.#do(this.#link.ask(this.#now, 1, { type: "fetch", conversation_id: id, before: end, limit: PAGE_ENTRIES }));
  }

  #do(actions: readonly Action[]): void {
    const firstOther = actions.findIndex((action) => !isDurable(action));
    expect(firstOther >= 0 && actions.slice(firstOther).some(isDurable), "what is durable comes first").toBe(false);
    for (const action of actions) this.#carryOut(action);
  }

  #carryOut(action: Action): void {
    switch (action.type) {
      case "keep":
        this.#outbox.set(action.command.client_id, { command: action.command, seq: null });
        break;
      case "acked":
        this.#acked[action.client_id] = action.seq;
        this.#outbox.delete(action.client_id);
        break;
      case "failed":
        this.#failed[action.client_id] = action.error.code;
        this.#outbox.delete(action.client_id);
        break;
      case "apply":
        this.#positions.set(action.conversation_id, action.position);
        this.#applied.set(action.conversation_id, [...(this.#applied.get(action.conversation_id) ?? []), ...action.entries.map(({ seq }) => seq)]);
        for (const { seq, client_id, created_at } of action.entries) this.#keysOf(action.conversation_id).set(seq, [client_id, created_at]);
        break;
      case "truncate":
        this.#positions.set(action.conversation_id, action.position);
        this.#applied.set(action.conversation_id, (this.#applied.get(action.conversation_id) ?? []).filter((seq) => seq <= action.after));
        for (const seq of this.#keysOf(action.conversation_id).keys()) if (seq > action.after) this.#keysOf(action.conversation_id).delete(seq);
        break;
      case "save_token":
        this.#epoch = action.epoch;
        this.#token = action.token;
        break;
      case "recall":
        this.#do(this.#link.recalled(this.#now, action.asks.flatMap(([id, seq]) => this.#newest(id, seq))));
        break;
      case "answered":
        if (action.frame?.type === "page") this.#do(this.#link.filled(this.#now, action.frame));
        break;
      case "transmit":
        this.#transmitted.push({ ...action.frame });
        break;
      case "connect":
        this.#reconnects += 1;
        break;
      default:
        break;
    }
  }

  #newest(id: ConversationId, seq: number): HeldRow[] {
    const rows = [...this.#keysOf(id)].filter(([at]) => at <= seq).sort(([a], [b]) => a - b);
    return rows.slice(-1).map(([at, key]) => [id, at, ...key]);
  }

  #keysOf(id: ConversationId): Map<number, Key> {
    const keys = this.#keys.get(id) ?? new Map<number, Key>();
    this.#keys.set(id, keys);
    return keys;
  }
}

function idOf(text: string): ConversationId {
  return Number(text) as ConversationId;
}

function commandOf(wish: Readonly<Record<string, unknown>>): OutboxCommand {
  return { ...wish, id: 0 } as unknown as OutboxCommand;
}

/** What was transmitted without what says nothing; a web client asks for fewer of the newest entries at once. */
function said(frame: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const told = Object.entries(frame).filter(
    ([name, value]) => name !== "id" && name !== "client" && value != null && value !== 0 && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  return frame["type"] === "fetch" ? { ...Object.fromEntries(told), limit: PAGE_ENTRIES } : Object.fromEntries(told);
}

/** A web client keeps the newest part of the past, and its user's sends in order: it has no other way. */
function concernsUs(story: Story): boolean {
  return (story.history ?? "newest") === "newest" && story.steps.every((step) => step.ordered !== false);
}

const stories = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), "utf-8")) as Story] as const);

test("there are stories to tell", () => {
  expect(stories.filter(([, story]) => concernsUs(story)).length).toBeGreaterThan(15);
});

test.each(stories.filter(([, story]) => concernsUs(story)))("%s comes to the recorded state", (_name, story) => {
  const runner = new Runner(story);
  for (const step of story.steps) runner.step(step);
  expect(runner.state()).toEqual(story.expected);
});
