/** How far the others have come in the open conversation: asked when it is opened and when the line is back, then told. */

import type { ConversationId, MemberMarks, MessageRow, Receipts, UserId, Watermarks } from "../../../core/port.ts";
import type { Chat } from "../../state/chat.svelte.ts";

/** In larger conversations it is told how many have read, not who. */
const MARKS_MEMBERS = 50;

/** So long the server may take to count a conversation among those on screen: what moves before is told to nobody. */
const SETTLED_MS = 1_000;

/** What became of a message of one's own; of more than 50 members `count` alone is known. */
export interface Reached {
  readonly state: "sent" | "delivered" | "read";
  readonly delivered: number;
  readonly read: number;
  readonly others: number;
  /** How many have read it; null: they are named by marks, or it is not told of this message. */
  readonly count: number | null;
}

const NOWHERE: Reached = { state: "sent", delivered: 0, read: 0, others: 0, count: null };

export class ReadBy {
  readonly #chat: Pick<Chat, "port" | "self" | "timeline">;
  #id = $state<ConversationId | null>(null);
  #again: ReturnType<typeof setTimeout> | undefined;
  #marks = $state.raw<ReadonlyMap<UserId, MemberMarks>>(new Map());
  #counted = $state.raw<{ readonly seq: number; readonly count: number } | null>(null);

  constructor(chat: Pick<Chat, "port" | "self" | "timeline">) {
    this.#chat = chat;
  }

  open(id: ConversationId | null, isLive: boolean): void {
    if (id !== this.#id) {
      this.#id = id;
      this.#marks = new Map();
      this.#counted = null;
    }
    clearTimeout(this.#again);
    if (id === null || !isLive) return;
    void this.#ask(id);
    this.#again = setTimeout(() => void this.#ask(id), SETTLED_MS);
  }

  told({ conversation_id, rows = [], seq, read_count }: Watermarks): void {
    if (conversation_id !== this.#id) return;
    this.#take(rows);
    if (seq != null && read_count != null) this.#counted = { seq, count: read_count };
  }

  /** What became of a stored message of one's own. */
  of(row: MessageRow): Reached {
    if (row.seq === null || row.conversation_id !== this.#id) return NOWHERE;
    const { seq } = row;
    if (this.#counted !== null) return { ...NOWHERE, count: this.#counted.seq === seq ? this.#counted.count : null };
    const marks = [...this.#marks.values()].filter(([user]) => user !== this.#chat.self.user_id);
    // How far somebody has read a thread is not told: its replies are delivered, or sent.
    const isThere = row.thread_seq === undefined || row.broadcast === true;
    const read = isThere ? marks.filter(([, , up]) => up >= seq).length : 0;
    const delivered = marks.filter(([, up, readUp]) => Math.max(up, readUp) >= seq).length;
    const others = marks.length;
    const all = (n: number) => others > 0 && n === others;
    return { state: all(read) ? "read" : all(delivered) ? "delivered" : "sent", delivered, read, others, count: null };
  }

  async #ask(id: ConversationId): Promise<void> {
    const seq = this.#chat.timeline?.newestOf(this.#chat.self.user_id)?.seq ?? null;
    const answer = await this.#chat.port.ask("receipts", { conversation_id: id, seq });
    if (answer.ok && id === this.#id) this.#asked(answer.value);
  }

  #asked({ members = [], member_count, seq, read_count }: Receipts): void {
    this.#counted = member_count > MARKS_MEMBERS ? { seq, count: read_count ?? 0 } : null;
    const here = new Set(members.map(({ user_id }) => user_id));
    this.#marks = new Map([...this.#marks].filter(([user_id]) => here.has(user_id)));
    this.#take(members.map(({ user_id, delivered, read }) => [user_id, delivered, read]));
  }

  /** Marks only rise, so it does not matter in which order they come. */
  #take(rows: readonly MemberMarks[]): void {
    if (rows.length === 0) return;
    const marks = new Map(this.#marks);
    for (const [user_id, delivered, read] of rows) {
      const [, delivered_before, read_before] = marks.get(user_id) ?? [user_id, 0, 0];
      marks.set(user_id, [user_id, Math.max(delivered, delivered_before), Math.max(read, read_before)]);
    }
    this.#marks = marks;
  }
}
