/** Lists that the server gives in pages, brought together. */

import { done } from "../answer.ts";
import type { Http } from "../http.ts";
import type { Answer } from "../port.ts";

/** Most pages of one list. */
const PAGES = 50;
/** Lists have a rate, and a long one takes many pages. */
const TRIES = 5;
const RETRY_MS = 1_000;

export interface Paged {
  readonly cursor?: string | null;
}

/** Ask for the pages of a list, at most `most`; the first refusal is the answer. */
export async function everything<Page extends Paged, Item>(
  http: Http,
  path: string,
  items: (page: Page) => readonly Item[],
  most = PAGES,
): Promise<Answer<Item[]>> {
  const found: Item[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < most; page += 1) {
    const joint = path.includes("?") ? "&" : "?";
    const next: string = cursor === null ? path : `${path}${joint}cursor=${encodeURIComponent(cursor)}`;
    const answer: Answer<Page> = await patiently(() => http.ask<Page>("GET", next));
    if (!answer.ok) return answer;
    found.push(...items(answer.value));
    cursor = answer.value.cursor ?? null;
    if (cursor === null) break;
  }
  return done(found);
}

async function patiently<Value>(ask: () => Promise<Answer<Value>>): Promise<Answer<Value>> {
  for (let tries = 1; tries < TRIES; tries += 1) {
    const answer = await ask();
    if (answer.ok || answer.error.code !== "rate_limited") return answer;
    const ms = answer.error.retry_after_ms ?? RETRY_MS;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, ms);
    });
  }
  return ask();
}
