/** Own read watermarks on their way to the server: the last one of a conversation wins, at most one on its way. */

import type { ConversationId, Read } from "../protocol/types.ts";

/** The server takes two of these a second and drops what is beyond. */
const SPACING_S = 0.6;
const ANSWER_WITHIN_S = 10;

export class Reads {
  readonly #wanted: Map<ConversationId, number>;
  #inFlight: { readonly frame: number; readonly id: ConversationId; readonly seq: number } | null = null;
  #notBefore = 0;

  constructor(wanted: ReadonlyMap<ConversationId, number>) {
    this.#wanted = new Map(wanted);
  }

  /** Tell the server that the user has read up to `seq`, when there is time. */
  want(id: ConversationId, seq: number): void {
    this.#wanted.set(id, Math.max(seq, this.#wanted.get(id) ?? 0));
  }

  /** Tell nothing above `after`: what stands there now is not what the user has read. */
  cut(id: ConversationId, after: number): void {
    if ((this.#wanted.get(id) ?? 0) > after) this.#wanted.set(id, after);
    if (this.#wanted.get(id) === 0) this.#wanted.delete(id);
  }

  /** Return the next frame to transmit under this id, if any. */
  due(frame: number, now: number): Read | null {
    const next = this.#wanted.entries().next();
    if (next.done === true || now < this.#notBefore) return null;
    const [id, seq] = next.value;
    this.#inFlight = { frame, id, seq };
    this.#notBefore = now + ANSWER_WITHIN_S;
    return { type: "read", id: frame, conversation_id: id, seq };
  }

  /** Take the answer; return the conversation whose watermark needs no further telling. */
  answered(frame: number, now: number, retryAfterMs: number | null): ConversationId | null {
    if (this.#inFlight === null || this.#inFlight.frame !== frame) return null;
    const { id, seq } = this.#inFlight;
    this.#inFlight = null;
    this.#notBefore = now + (retryAfterMs === null ? SPACING_S : retryAfterMs / 1_000);
    if (retryAfterMs !== null || this.#wanted.get(id) !== seq) return null;
    this.#wanted.delete(id);
    return id;
  }

  /** The conversation is no more. */
  forget(id: ConversationId): void {
    this.#wanted.delete(id);
  }

  /** Forget what was on its way; it is told again. */
  disconnected(): void {
    this.#inFlight = null;
    this.#notBefore = 0;
  }

  /** Return when `due` has something; null: nothing waits. */
  nextAt(): number | null {
    return this.#wanted.size === 0 ? null : this.#notBefore;
  }
}
