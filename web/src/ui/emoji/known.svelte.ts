/** The server's own emoji, as they were last told: asked for after each connection, and when somebody looks for one. */

import type { CustomEmoji, Port } from "../../core/port.ts";

class Known {
  all = $state.raw<ReadonlyMap<string, CustomEmoji>>(new Map());
  mayAdd = $state(false);

  /** Without an answer what is known stays. */
  async learn(port: Port): Promise<void> {
    const answer = await port.ask("emoji", {});
    if (!answer.ok) return;
    this.all = new Map(answer.value.emoji.map((one) => [one.name, one]));
    this.mayAdd = answer.value.may_add;
  }
}

export const known = new Known();
