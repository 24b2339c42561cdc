/** What system lines say: it comes beside the page, which draws messages without it. */

import type { LineRow } from "../../core/port.ts";
import type { Names } from "./sentences.ts";

class Lines {
  say = $state.raw<((rows: readonly LineRow[], names: Names) => string) | null>(null);

  async load(): Promise<void> {
    try {
      this.say ??= (await import("./sentences.ts")).sentences;
    } catch {
      // The lines stay empty until a conversation is opened again.
    }
  }
}

export const lines = new Lines();
