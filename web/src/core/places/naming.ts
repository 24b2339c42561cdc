/** What people are called of whom a list tells only the ids. */

import type { Desk } from "../desk.ts";
import type { Person } from "../port.ts";
import type { UserId } from "../protocol/types.ts";

/** As many people are asked for at once. */
const TOGETHER = 100;

/** Return what names these people; those whom this tab does not know are asked for. */
export async function naming({ http, mirror }: Pick<Desk, "http" | "mirror">, ids: readonly (UserId | null | undefined)[]): Promise<(id: UserId) => Person> {
  const unknown = [...new Set(ids.filter((id) => id != null && !mirror.people.has(id)))] as UserId[];
  const found = new Map<UserId, Person>();
  for (let at = 0; at < unknown.length; at += TOGETHER) {
    const answer = await http.usersById(unknown.slice(at, at + TOGETHER));
    if (answer.ok) for (const { user_id, name } of answer.value.users) found.set(user_id, { user_id, name });
  }
  return (id) => mirror.people.get(id) ?? found.get(id) ?? { user_id: id, name: `#${id}` };
}
