/** Why a group could not be made or changed, in words (pure), and whether it stands at the field of its name. */

import type { Refusal } from "../../core/port.ts";
import { groups } from "../../locales/en/server/groups.ts";
import { errorWords } from "../app/locale.ts";

/** As many as one message may mention. */
export const MOST_MEMBERS = 50;

/** Return the refusal in words. */
export function why({ code, path = "", reason = "" }: Refusal): string {
  const said = groups.refused;
  if (reason === "name_taken" || reason === "full" || reason === "changed" || reason === "server_admin") return said[reason];
  if (path.startsWith("$.user_ids")) return code === "not_found" ? said.person : groups.tooMany(MOST_MEMBERS);
  if (atName({ path })) return said.name;
  return code === "not_found" ? said.gone : errorWords({ code, reason });
}

/** Say whether another name would help. */
export function atName({ path = "" }: Pick<Refusal, "path">): boolean {
  return path === "$.name";
}
