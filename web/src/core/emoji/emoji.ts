/** What a tab answers about the server's own emoji. */

import { OFFLINE, done, refusalOf } from "../answer.ts";
import type { Handler } from "../asks.ts";
import type { Desk } from "../desk.ts";
import type { Answer } from "../port.ts";
import type { CustomEmoji, CustomEmojis, Problem } from "../protocol/types.ts";
import type { EmojiName } from "./types.ts";

export type EmojiHandlers = { readonly [Name in EmojiName]: Handler<Name> };

const ANSWER_WITHIN_MS = 10_000;
/** A device that has just connected asks for many lists, and a few at once are answered. */
const TRIES = 5;

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
  for (let left = TRIES; left > 1; left -= 1) {
    const answer = await once(token);
    if (answer.ok || answer.error.code !== "rate_limited") return answer;
    await new Promise((resolve) => {
      setTimeout(resolve, answer.error.retry_after_ms);
    });
  }
  return once(token);
}

async function once(token: string): Promise<Answer<CustomEmojis>> {
  try {
    const response = await fetch("/v1/emoji", {
      headers: { Authorization: `Bearer ${token}`, "X-Seriatim-Client": "web" },
      cache: "no-cache",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (response.ok) return done((await response.json()) as CustomEmojis);
    return { ok: false, error: refusalOf((await response.json()) as Problem) };
  } catch {
    return OFFLINE;
  }
}
