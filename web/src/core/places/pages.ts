/** Lists that the server gives in pages, brought together. */

import { done } from "../answer.ts";
import type { Http } from "../http.ts";
import type { Answer } from "../port.ts";

/** Most pages of one list. */
const PAGES = 50;

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
    const answer: Answer<Page> = await http.ask<Page>("GET", cursor === null ? path : `${path}${joint}cursor=${encodeURIComponent(cursor)}`);
    if (!answer.ok) return answer;
    found.push(...items(answer.value));
    cursor = answer.value.cursor ?? null;
    if (cursor === null) break;
  }
  return done(found);
}
