/** What a layer asks of the server: whether it waits for an answer, and the refusal in words. */

import type { Answer } from "../../core/port.ts";
import { errorWords } from "../app/locale.ts";

export class Asking {
  busy = $state(false);
  refused = $state("");

  /** Return what was answered; null: it was refused, and `refused` says why. */
  async done<Value>(asked: Promise<Answer<Value>>): Promise<Value | null> {
    this.busy = true;
    const answer = await asked;
    this.busy = false;
    this.refused = answer.ok ? "" : errorWords(answer.error);
    return answer.ok ? answer.value : null;
  }
}
