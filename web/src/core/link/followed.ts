/** All conversations of this device: which are behind, in doubt or fetched in advance, and what of them is to be stored. */

import type { ConversationId, Entry, UserId } from "../protocol/types.ts";
import { UNKNOWN, type Durable, type Position } from "./actions.ts";
import { Conversation } from "./conversation.ts";
import { Agreement } from "./epoch.ts";
import { Fetches } from "./fetches.ts";

/** So many conversations of which nothing is held are fetched in advance in one session; the others when they are opened. */
const EAGER = 20;

export class Followed {
  readonly fetches: Fetches;
  /** Which of them are in doubt since the log came back as another one (rule 6). */
  readonly agreement = new Agreement();
  focus: readonly ConversationId[] = [];
  readonly #me: UserId;
  readonly #passed: (id: ConversationId, cursor: number) => void;
  readonly #conversations = new Map<ConversationId, Conversation>();
  readonly #catching = new Set<ConversationId>();
  #eager = EAGER;
  #changed = new Map<ConversationId, Entry[]>();

  /** `passed` is told, with each change, up to where a conversation is held. */
  constructor(
    me: UserId,
    positions: ReadonlyMap<ConversationId, Position>,
    passed: (id: ConversationId, cursor: number) => void,
  ) {
    this.#me = me;
    this.#passed = passed;
    this.fetches = new Fetches((id) => this.get(id));
    for (const [id, position] of positions) this.#conversations.set(id, new Conversation(id, me, position));
  }

  /** What was behind when the session began has been fetched. */
  get isCaughtUp(): boolean {
    return this.#catching.size === 0;
  }

  /** Return what is known of a conversation; unknown ones begin empty. */
  get(id: ConversationId): Conversation {
    let found = this.#conversations.get(id);
    if (found === undefined) {
      found = new Conversation(id, this.#me, UNKNOWN);
      this.#conversations.set(id, found);
    }
    return found;
  }

  /** A new session: again some are fetched in advance. */
  connected(): void {
    this.#eager = EAGER;
  }

  disconnected(): void {
    this.#catching.clear();
    this.fetches.disconnected();
    this.agreement.disconnected();
  }

  /** Say what is on screen; what is missing of it is fetched first. */
  look(ids: readonly ConversationId[], now: number): void {
    this.focus = ids;
    this.fetches.focus = ids;
    for (const id of ids) {
      const conversation = this.#conversations.get(id);
      if (conversation === undefined || conversation.head === 0) continue;
      conversation.heardOf(conversation.head, now);
      this.touch(conversation);
    }
  }

  /** Of conversations that nothing is held of only the first few and those on screen are fetched unasked. */
  beEager(conversation: Conversation): void {
    if (conversation.cursor !== null || conversation.fetchAt === null || this.focus.includes(conversation.id)) return;
    if (this.#eager > 0) this.#eager -= 1;
    else conversation.fetchAt = null;
  }

  /** Every head is known: ask for what is missing, in all conversations that are held (rule 4). */
  catchUp(now: number): void {
    for (const conversation of this.#conversations.values()) {
      if (conversation.cursor !== null) conversation.heardOf(conversation.head, now);
      this.fetches.consider(conversation);
      if (conversation.fetchAt !== null) this.#catching.add(conversation.id);
    }
  }

  /** The log is another one: all that is held is in doubt. */
  restart(): void {
    for (const conversation of this.#conversations.values()) {
      conversation.restart();
      this.distrust(conversation);
    }
  }

  /** Put what is held of a conversation in doubt until it was compared with the server's log. */
  distrust(conversation: Conversation): void {
    if (conversation.cursor === null || conversation.cursor === 0) return;
    conversation.comparing = true;
    this.agreement.distrust(conversation.id, conversation.cursor);
  }

  /** Take what has been compared: keep what both logs have, fetch the rest; return what is to be cut off. */
  agree(now: number): readonly Extract<Durable, { type: "truncate" }>[] {
    return [...this.agreement.found()].flatMap(([id, common]) => {
      const conversation = this.get(id);
      const shrinks = common < (conversation.cursor ?? 0);
      conversation.truncate(common, now);
      this.touch(conversation);
      // The session is live only when this one too has caught up.
      if (conversation.fetchAt !== null) this.#catching.add(id);
      return shrinks ? [{ type: "truncate", conversation_id: id, after: common, position: conversation.position() }] : [];
    });
  }

  /** Have the position stored, with these entries. */
  apply(conversation: Conversation, entries: readonly Entry[]): void {
    this.touch(conversation);
    this.#changed.get(conversation.id)?.push(...entries);
  }

  /** Have the position stored. */
  touch(conversation: Conversation): void {
    if (!conversation.comparing) this.#passed(conversation.id, conversation.cursor ?? 0);
    if (!this.#changed.has(conversation.id)) this.#changed.set(conversation.id, []);
    this.fetches.consider(conversation);
    if (conversation.fetchAt === null) this.#catching.delete(conversation.id);
  }

  /** Return what is to be stored, once. */
  changed(): readonly Durable[] {
    const changed = this.#changed;
    this.#changed = new Map();
    return [...changed].flatMap(([id, entries]) => {
      const position = this.#conversations.get(id)?.position();
      return position === undefined ? [] : [{ type: "apply", conversation_id: id, entries, position }];
    });
  }

  /** Forget a conversation that this user may not know (any more). */
  forget(id: ConversationId): void {
    this.#conversations.delete(id);
    this.#catching.delete(id);
    this.#changed.delete(id);
    this.fetches.forget(id);
  }
}
