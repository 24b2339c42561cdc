/** What a tab answers about the server's own emoji. */

import { OFFLINE, done, refused } from "../answer.ts";
import type { Handler } from "../asks.ts";
import type { Desk } from "../desk.ts";
import type { Answer } from "../port.ts";
import type { CustomEmoji, CustomEmojis } from "../protocol/types.ts";
import type { EmojiName } from "./types.ts";

export type EmojiHandlers = { readonly [Name in EmojiName]: Handler<Name> };

const ANSWER_WITHIN_MS = 10_000;

/** Return the handlers of one started tab. */
export function emoji({ http }: Desk): EmojiHandlers {
  return {
    emoji: async () => {
      const token = await http.token();
      return token.ok ? list(token.value) : token;
    },
    add_emoji: (wish) => http.ask<CustomEmoji>("POST", "/v1/emoji", wish),
    remove_emoji: async ({ name }) => {
      const answer = await http.ask<unknown>("DELETE", `/v1/emoji/${encodeURIComponent(name)}`);
      return answer.ok ? done({}) : answer;
    },
  };
}

/** Ask through the browser's cache: after each reconnection the list is asked for again, and seldom has it changed. */
async function list(token: string): Promise<Answer<CustomEmojis>> {
  try {
    const response = await fetch("/v1/emoji", {
      headers: { Authorization: `Bearer ${token}`, "X-Seriatim-Client": "web" },
      cache: "no-cache",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return response.ok ? done((await response.json()) as CustomEmojis) : refused("unavailable", `the server answered ${response.status}`);
  } catch {
    return OFFLINE;
  }
}
