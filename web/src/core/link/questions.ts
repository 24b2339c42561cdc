/** Questions to the server whose answers change nothing in the link: pages of the past, a fresh token, what is the user's own. */

import type { Fetch, Read, ReadAll, Renew, SaveDraft, ServerFrame, SetMine } from "../protocol/types.ts";
import type { Action } from "./actions.ts";
import { earliest } from "./fetches.ts";

const ANSWER_WITHIN_S = 10;

/** What may be asked; each transmission gives it its `id`. */
export type Question = Omit<Fetch, "id"> | Omit<Renew, "id"> | Omit<Read, "id"> | Omit<SetMine, "id"> | Omit<ReadAll, "id"> | Omit<SaveDraft, "id">;

export class Questions {
  readonly #asked = new Map<number, { readonly id: number; readonly at: number }>();

  /** Note that the question `id` is on its way under this frame id. */
  transmitted(frame: number, id: number, now: number): void {
    this.#asked.set(frame, { id, at: now });
  }

  /** Return what hands the answer out; null: the frame answers nothing that was asked here. */
  answered(frame: number, answer: ServerFrame | null): Action | null {
    const asked = this.#asked.get(frame);
    if (asked === undefined) return null;
    this.#asked.delete(frame);
    return { type: "answered", id: asked.id, frame: answer };
  }

  /** Give up what was not answered in time. */
  overdue(now: number): readonly Action[] {
    return this.#giveUp((at) => now >= at + ANSWER_WITHIN_S);
  }

  /** Give up everything: there is no connection. */
  disconnected(): readonly Action[] {
    return this.#giveUp(() => true);
  }

  /** Return when `overdue` has something. */
  nextAt(): number | null {
    return earliest([...this.#asked.values()].map(({ at }) => at + ANSWER_WITHIN_S));
  }

  #giveUp(isLost: (at: number) => boolean): readonly Action[] {
    const lost = [...this.#asked].filter(([, { at }]) => isLost(at));
    return lost.flatMap(([frame]) => this.answered(frame, null) ?? []);
  }
}
