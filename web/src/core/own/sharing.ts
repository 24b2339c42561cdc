/** Takes drafts to the user's other devices once he rests; the leader owns it. */

import type { Draft } from "../port.ts";
import { isFinal } from "../protocol/codes.ts";
import type { SaveDraft, ServerFrame } from "../protocol/types.ts";
import type { Mirror } from "../mirror.ts";
import type { Batch, DraftPlace } from "../store/schema.ts";

/** After the last key. */
const REST_MS = 2_000;
const AGAIN_MS = 5_000;

export class Sharing {
  readonly #mirror: Mirror;
  readonly #ask: (question: Omit<SaveDraft, "id">) => Promise<ServerFrame | null>;
  readonly #commit: (make: () => Batch | null) => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #stopped = false;

  constructor(mirror: Mirror, ask: (question: Omit<SaveDraft, "id">) => Promise<ServerFrame | null>, commit: (make: () => Batch | null) => Promise<void>) {
    this.#mirror = mirror;
    this.#ask = ask;
    this.#commit = commit;
  }

  /** Something was written, or there is a connection again. */
  soon(ms = REST_MS): void {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#share(), ms);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #share(): Promise<void> {
    if (this.#busy) return this.soon();
    this.#busy = true;
    for (const [place, draft] of this.#mirror.drafts.values()) {
      if (isShared(draft) || this.#stopped) continue;
      const frame = await this.#ask(command(place, draft));
      if (frame === null) break; // It is shared as soon as there is a connection.
      if (frame.type === "error" && !isFinal(frame)) {
        this.soon(frame.retry_after_ms ?? AGAIN_MS);
        break;
      }
      // What is refused for good is not tried again: the next key makes another one.
      await this.#commit(() => this.#shared(place, draft));
    }
    this.#busy = false;
  }

  /** What was written or sent meanwhile is told next. */
  #shared(place: DraftPlace, { changed_at }: Draft): Batch {
    const now = this.#mirror.draft(...place) ?? { text: "", target_seq: null, selection: [0, 0] as const, changed_at: Date.now() };
    return { drafts: [[place, { ...now, shared_at: changed_at }]] };
  }
}

function isShared({ changed_at, shared_at }: Draft): boolean {
  return changed_at === shared_at;
}

function command([conversation_id, thread_seq]: DraftPlace, { text, target_seq, changed_at }: Draft): Omit<SaveDraft, "id"> {
  return { type: "draft", conversation_id, ...(thread_seq > 0 && { thread_seq }), text, target_seq, changed_at: new Date(changed_at).toISOString() };
}
