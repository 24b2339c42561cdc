/** What a signed-in page knows: its conversations, people, link and the open timeline, kept by the worker's notes. */

import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type {
  ConversationId,
  ConversationRow,
  LinkState,
  MessageRow,
  Note,
  PeopleGroup,
  Person,
  Port,
  Refusal,
  Session,
  Started,
  UserId,
  Wish,
} from "../../core/port.ts";
import { askToPersist } from "../../page/persist.ts";
import { newestDraft } from "../../page/tab.ts";
import { errorWords, words } from "../app/locale.ts";
import { EVERYBODY, namedGroups, type Mentioned } from "../messages/tokens/mentions.ts";
import type { Signals } from "../signals/signals.svelte.ts";
import type { Thread } from "./thread.svelte.ts";
import { Timeline, type Place } from "./timeline.svelte.ts";

const TRUE_ALREADY: ReadonlySet<string> = new Set(["reacted", "not_reacted", "pinned", "not_pinned", "unchanged"]);

export interface ChatEvents {
  arrived(conversation_id: ConversationId, row: MessageRow): void;
  signedOut(reason: "expired" | "revoked" | "logged_out"): void;
}

export class Chat {
  readonly port: Port;
  readonly self: Session;
  readonly people = new SvelteMap<UserId, string>();
  readonly bots = new SvelteSet<UserId>();
  /** Whose messages are folded away. */
  blocked = $state.raw<ReadonlySet<UserId>>(new Set());
  /** Groups of people that are mentioned by one name. */
  groups = $state.raw<readonly PeopleGroup[]>([]);
  conversations = $state.raw<readonly ConversationRow[]>([]);
  link = $state<LinkState>("connecting");
  storage = $state<"disk" | "memory">("disk");
  /** The disk was full: the oldest messages left this device, and the user has not waved it off yet. */
  letGo = $state(false);
  openId = $state<ConversationId | null>(null);
  timeline = $state.raw<Timeline | null>(null);
  openFailed = $state.raw<Refusal | null>(null);
  /** A draft written in another tab of this account. */
  otherDraft = $state.raw<Omit<Extract<Note, { type: "drafts" }>, "type"> | null>(null);
  /** What another app has shared, until the composer has it. */
  shared = $state("");
  /** The thread that stands open beside the messages. */
  thread = $state.raw<Thread | null>(null);
  /** What is known of this moment; null: it is not loaded yet. */
  signals = $state.raw<Signals | null>(null);
  /** Something that was shown has been taken back, and the user has not waved it off yet. */
  notice = $state("");
  devicesVersion = $state(0);
  readonly opened = $derived(this.conversations.find((row) => row.conversation_id === this.openId) ?? null);
  readonly #events: ChatEvents;
  readonly #appeared = new Map<ConversationId, number>();
  readonly #places = new Map<ConversationId, Place>();
  #opening = 0;
  /** The newest row of the open conversation that was told since it is being opened. */
  #told = 0;
  #learnt = false;
  /** The window was opened while the link was live: nothing that was missed comes as if it were new. */
  #openedLate = false;
  #stop: () => void;

  constructor(port: Port, started: Started, events: ChatEvents) {
    this.port = port;
    this.self = started.session;
    this.#events = events;
    // Offline before anything was tried is no news yet.
    this.link = started.link === "offline" ? "connecting" : started.link;
    this.storage = started.storage;
    this.conversations = this.#sorted(started.conversations);
    this.people.set(started.session.user_id, started.session.name);
    this.#meet(started.people);
    this.#stop = port.listen((note) => this.#hear(note));
    // Without it one reads and writes as before.
    void import("../signals/signals.svelte.ts").then(
      ({ Signals: Known }) => (this.signals = new Known(this)),
      () => undefined,
    );
  }

  /** The open conversation is not on this device, and the network has not brought it yet. */
  get awaitsNetwork(): boolean {
    return this.openFailed?.code === "offline";
  }

  stop(): void {
    this.#stop();
    this.signals?.stop();
  }

  name(user_id: UserId): string {
    return this.people.get(user_id) ?? words.someone;
  }

  /** Return the names under which a message mentions these people. */
  mentioned(ids: readonly UserId[]): readonly Mentioned[] {
    const people = ids.flatMap((id): readonly Mentioned[] => {
      if (id === 0) return EVERYBODY.map((name) => ({ name, me: true }));
      const name = this.people.get(id);
      return name === undefined ? [] : [{ name, me: id === this.self.user_id }];
    });
    return [...people, ...namedGroups(ids, this.groups, this.self.user_id)];
  }

  /** Ask what the log does not tell: whom this user has blocked, which groups there are, and what people are called now. */
  async learn(): Promise<void> {
    const [blocks, groups] = await Promise.all([this.port.ask("blocks", {}), this.port.ask("groups", {})]);
    if (blocks.ok) this.blocked = new Set(blocks.value.map(({ user_id }) => user_id));
    if (groups.ok) this.groups = groups.value;
    this.#learnt = blocks.ok;
    void this.port.ask("names_now", {});
  }

  /** Open at the kept place, at the oldest unread row or, with `seq`, around that row. */
  async open(conversation_id: ConversationId, place?: Place): Promise<void> {
    const before = this.openId;
    if (before !== null && before !== conversation_id) void this.port.ask("close", { conversation_id: before });
    if (before !== conversation_id) this.timeline = this.thread = null;
    this.openId = conversation_id;
    this.openFailed = null;
    this.#told = 0;
    this.#opening += 1;
    const turn = this.#opening;
    const where = place ?? this.#places.get(conversation_id) ?? { type: "unread" };
    const at = where.type === "seq" ? where.seq : where.type;
    const answer = await this.port.ask("open", { conversation_id, at });
    if (turn !== this.#opening) return;
    if (!answer.ok) {
      this.openFailed = answer.error;
      return;
    }
    this.#meet(answer.value.people);
    this.#merge([answer.value.conversation], []);
    const draft = newestDraft(this.self.user_id, conversation_id, 0, answer.value.draft);
    this.timeline = new Timeline(this, answer.value, where, draft);
    this.timeline.told(this.#told);
    if (before !== conversation_id && answer.value.conversation.mine.marked_unread)
      void this.port.ask("set_mine", { conversation_id, marked_unread: false });
    this.#openedLate = this.link === "live";
    if (this.storage === "disk") void askToPersist();
  }

  close(): void {
    if (this.openId !== null) void this.port.ask("close", { conversation_id: this.openId });
    this.#opening += 1;
    this.openId = null;
    this.timeline = this.thread = null;
  }

  /** Open the thread that hangs on this message of the open conversation; null: close it. */
  async openThread(seq: number | null): Promise<void> {
    const { timeline } = this;
    if (seq === null || timeline === null) {
      this.thread = null;
      return;
    }
    const { Thread } = await import("./thread.svelte.ts");
    if (timeline === this.timeline) this.thread = new Thread(this, timeline.conversation_id, seq);
  }

  /** Wish something of a message; what becomes of it is told by notes. */
  async wish(row: MessageRow, wish: Wish): Promise<void> {
    if (row.seq === null) return;
    const answer = await this.port.ask("change", { conversation_id: row.conversation_id, target_seq: row.seq, wish });
    if (!answer.ok) this.notice = errorWords(answer.error);
  }

  /** Where the reader stood when the conversation was left; null: at the end. */
  keepPlace(conversation_id: ConversationId, place: Place | null): void {
    if (place === null) this.#places.delete(conversation_id);
    else this.#places.set(conversation_id, place);
  }

  /** What the network had not brought yet is asked for again, and so is the place of what turns out to be unread. */
  #becameLive(): void {
    if (!this.#learnt) void this.learn();
    if (this.openId === null) return;
    const early = !this.#openedLate && this.timeline?.place.type === "unread" && this.timeline.unreadSeq === null;
    if (this.awaitsNetwork || (early && (this.opened?.unread ?? 0) > 0))
      void this.open(this.openId, { type: "unread" });
  }

  #hear(note: Note): void {
    switch (note.type) {
      case "link":
        this.link = note.state;
        if (note.state === "live") this.#becameLive();
        break;
      case "conversations":
        this.#merge(note.changed, note.removed);
        break;
      case "rows":
        if (note.conversation_id === this.timeline?.conversation_id) {
          this.timeline.apply(note.rows, note.removed, note.changed);
          this.thread?.apply(note.rows, note.removed, note.changed);
        }
        if (note.conversation_id === this.openId) this.#told = Math.max(this.#told, ...note.rows.map(({ seq }) => seq ?? 0));
        break;
      case "changes":
        if (note.conversation_id === this.timeline?.conversation_id) this.timeline.wishes.set(note.changes);
        break;
      case "refused":
        if (!isTrueAlready(note.change.wish.type, note.error.reason)) this.notice = words.takenBack(note.change.wish.type, errorWords(note.error));
        break;
      case "reopen":
        if (note.conversation_id === this.openId) void this.open(note.conversation_id, { type: "end" });
        break;
      case "people":
        this.#meet(note.people);
        break;
      case "arrived":
        this.#events.arrived(note.conversation_id, note.row);
        break;
      case "drafts":
        this.otherDraft = note;
        break;
      case "own":
      case "signal":
        break; // Who shows it listens himself.
      case "devices":
        this.devicesVersion += 1;
        break;
      case "signed_out":
        this.#events.signedOut(note.reason);
        break;
      case "storage":
        this.storage = note.storage;
        this.letGo = note.storage === "disk" && note.reason === "full";
        break;
      case "upgrade":
        location.reload();
        break;
      default:
        note satisfies never;
    }
  }

  #meet(people: readonly Person[]): void {
    for (const { user_id, name, bot } of people) {
      this.people.set(user_id, name);
      if (bot === true) this.bots.add(user_id);
    }
  }

  #merge(changed: readonly ConversationRow[], removed: readonly ConversationId[]): void {
    const rows = new Map(this.conversations.map((row) => [row.conversation_id, row]));
    for (const row of changed) {
      if (!rows.has(row.conversation_id)) this.#appeared.set(row.conversation_id, Date.now());
      rows.set(row.conversation_id, row);
      if (row.other !== null) this.people.set(row.other.user_id, row.other.name);
    }
    for (const id of removed) rows.delete(id);
    this.conversations = this.#sorted([...rows.values()]);
  }

  #sorted(rows: readonly ConversationRow[]): readonly ConversationRow[] {
    const at = (row: ConversationRow) => row.last_message_at ?? this.#appeared.get(row.conversation_id) ?? 0;
    return rows.toSorted((a, b) => at(b) - at(a) || b.conversation_id - a.conversation_id);
  }
}

/** Say whether what was refused had been done before: on another device, or by somebody else. */
function isTrueAlready(wish: Wish["type"], reason = ""): boolean {
  return TRUE_ALREADY.has(reason) || (wish === "delete" && reason === "deleted");
}

/** What a conversation is called: a direct one after the other person. */
export function titleOf(row: ConversationRow): string {
  if (row.kind === "direct") return row.other?.name ?? words.someone;
  return row.title ?? (row.kind === "channel" ? words.untitledChannel : words.untitledGroup);
}
