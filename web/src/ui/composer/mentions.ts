/** Whom a message mentions: everybody whose name stands in its text after an `@`, but not in code. */

import type { PeopleGroup, Person, UserId } from "../../core/port.ts";
import { EVERYBODY, nameAt } from "../messages/tokens/mentions.ts";

const MOST = 50;
const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g;

export interface Named {
  readonly name: string;
  readonly user_ids: readonly UserId[];
}

/** Return the mentions of a text; `everybody`: 0 is among them. */
export function mentionsIn(text: string, people: readonly Person[], groups: readonly PeopleGroup[]): readonly UserId[] {
  if (!text.includes("@")) return [];
  const known: readonly Named[] = [
    ...EVERYBODY.map((name) => ({ name, user_ids: [0 as UserId] })),
    ...people.map(({ name, user_id }) => ({ name, user_ids: [user_id] })),
    ...groups,
  ];
  const plain = text.replace(CODE, (code) => " ".repeat(code.length));
  const found = new Set<UserId>();
  for (let at = plain.indexOf("@"); at !== -1; at = plain.indexOf("@", at + 1)) {
    for (const id of nameAt(plain, at, known)?.user_ids ?? []) found.add(id);
  }
  return [...found].slice(0, MOST);
}
