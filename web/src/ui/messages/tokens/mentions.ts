/** Who is named in a text: the mentions of a message stand in it as `@name`. */

import type { PeopleGroup, UserId } from "../../../core/port.ts";

export interface Mentioned {
  readonly name: string;
  readonly me: boolean;
}

export interface Part {
  readonly text: string;
  readonly mention: Mentioned | null;
}

/** Names by which everybody is mentioned. */
export const EVERYBODY = ["all", "here"] as const;

/** Return the groups of which everybody is mentioned: their names stand in the text instead. */
export function namedGroups(ids: readonly UserId[], groups: readonly PeopleGroup[], me: UserId): readonly Mentioned[] {
  const whole = groups.filter(({ user_ids }) => user_ids.length > 0 && user_ids.every((id) => ids.includes(id)));
  return whole.map(({ name, user_ids }) => ({ name, me: user_ids.includes(me) }));
}

/** Return the text in parts: those that name somebody, and those between. The longest name that fits is meant. */
export function named(text: string, mentions: readonly Mentioned[]): readonly Part[] {
  if (mentions.length === 0 || !text.includes("@")) return [{ text, mention: null }];
  const parts: Part[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    const mention = nameAt(text, at, mentions);
    if (mention === null) continue;
    if (at > from) parts.push({ text: text.slice(from, at), mention: null });
    from = at + 1 + mention.name.length;
    parts.push({ text: text.slice(at, from), mention });
  }
  if (from < text.length) parts.push({ text: text.slice(from), mention: null });
  return parts;
}

/** Return who is named by the `@` at this place; null: nobody, as in an address. */
export function nameAt<Named extends { readonly name: string }>(text: string, at: number, people: readonly Named[]): Named | null {
  if (at > 0 && /[\p{L}\p{N}_.]/u.test(text[at - 1] ?? "")) return null;
  let found: Named | null = null;
  for (const one of people) {
    const end = at + 1 + one.name.length;
    const fits = text.slice(at + 1, end).toLowerCase() === one.name.toLowerCase() && !/^[\p{L}\p{N}_]/u.test(text.slice(end));
    if (fits && one.name.length > (found?.name.length ?? 0)) found = one;
  }
  return found;
}
