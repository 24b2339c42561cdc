/** Why something about a bot was refused, in words (pure), and whether it stands at the field of its name. */

import type { Refusal } from "../../core/port.ts";
import { bots } from "../../locales/en/server/bots.ts";
import { errorWords } from "../app/locale.ts";

/** Return the refusal in words. */
export function why({ code, path = "", reason = "" }: Refusal): string {
  const said = bots.refused;
  if (reason === "name_taken" || reason === "full" || reason === "server_admin") return said[reason];
  if (path.startsWith("$.scopes")) return bots.scopeMissing;
  if (atName({ path })) return said.name;
  return code === "not_found" ? said.gone : errorWords({ code, reason });
}

/** Say whether another name would help. */
export function atName({ path = "" }: Pick<Refusal, "path">): boolean {
  return path === "$.name";
}
