/** A thread that stands open: its root, the replies to it, one's own pending ones after them, and how to get older ones. */

import type { ConversationId, Draft, MessageRow, OpenedThread, Refusal, Row } from "../../core/port.ts";
import { newestDraft } from "../../page/tab.ts";
import type { Chat } from "./chat.svelte.ts";

export class Thread {
  readonly conversation_id: ConversationId;
  readonly seq: number;
  readonly #chat: Chat;
  #root = $state.raw<MessageRow | null>(null);
  #replies = $state.raw<readonly MessageRow[]>([]);
  #pending = $state.raw<readonly MessageRow[]>([]);
  reachesStart = $state(false);
  offline = $state(false);
  /** As the newest of the device's copies had it; null as long as the thread is being opened. */
  draft = $state.raw<{ readonly draft: Draft | null } | null>(null);
  refused = $state.raw<Refusal | null>(null);
  loading = $state(true);
  readonly root = $derived.by(() => (this.#root === null ? null : (this.#wished([this.#root])[0] ?? null)));
  readonly rows = $derived.by(() => [...this.#wished(this.#replies), ...this.#pending]);

  constructor(chat: Chat, conversation_id: ConversationId, seq: number) {
    this.#chat = chat;
    this.conversation_id = conversation_id;
    this.seq = seq;
    const root = chat.timeline?.rowAt(seq);
    if (root?.kind === "message") this.#root = root;
    void this.#load(null);
  }

  get lastSeq(): number {
    return this.#replies.at(-1)?.seq ?? 0;
  }

  rowAt(seq: number): Row | undefined {
    return seq === this.seq ? (this.#root ?? undefined) : this.#replies.find((row) => row.seq === seq);
  }

  async older(): Promise<void> {
    const before = this.#replies[0]?.seq;
    if (before !== undefined && before !== null && !this.reachesStart && !this.loading) await this.#load(before);
  }

  /** Open it again: the network is back. */
  async again(): Promise<void> {
    if (!this.loading) await this.#load(null);
  }

  /** Rows of the conversation that are new or changed; those of the thread take their place. */
  apply(rows: readonly Row[], removed: readonly string[], changed: readonly Row[]): void {
    const replies = new Map(this.#replies.map((row) => [row.key, row]));
    const pending = new Map(this.#pending.map((row) => [row.key, row]));
    for (const row of [...changed, ...rows]) {
      if (row.kind !== "message") continue;
      if (row.seq === this.seq) this.#root = row;
      if (row.thread_seq !== this.seq) continue;
      if (row.seq === null) pending.set(row.key, row);
      else if (replies.has(row.key) || row.seq > this.lastSeq) {
        pending.delete(row.key);
        replies.set(row.key, row);
      }
    }
    for (const key of removed) pending.delete(key);
    this.#replies = [...replies.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
    this.#pending = [...pending.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async #load(before: number | null): Promise<void> {
    this.loading = true;
    const { conversation_id, seq: thread_seq } = this;
    const answer = await this.#chat.port.ask("open_thread", { conversation_id, thread_seq, before });
    this.loading = false;
    this.refused = answer.ok ? null : answer.error;
    if (answer.ok) this.#take(answer.value, before);
  }

  #take(opened: OpenedThread, before: number | null): void {
    this.#root = opened.root ?? this.#root;
    const kept = before === null ? this.#replies.filter(({ seq }) => (seq ?? 0) > (opened.replies.at(-1)?.seq ?? 0)) : this.#replies;
    this.#replies = [...opened.replies, ...kept];
    this.reachesStart = opened.reaches_start;
    this.offline = opened.offline;
    if (before !== null) return;
    this.#pending = opened.pending;
    this.draft ??= { draft: newestDraft(this.#chat.self.user_id, this.conversation_id, this.seq, opened.draft) };
  }

  #wished(rows: readonly MessageRow[]): readonly MessageRow[] {
    return this.#chat.timeline?.wishes.over(rows) ?? rows;
  }
}
