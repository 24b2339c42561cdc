/** Why nobody could be let in, in words (pure). */

import type { Refusal } from "../../core/port.ts";
import { inviting } from "../../locales/en/server/inviting.ts";
import { errorWords } from "../app/locale.ts";

/** Return the refusal in words. */
export function why({ code, path = "", reason = "" }: Refusal): string {
  if (reason === "server_admin") return inviting.refused.server_admin;
  if (path === "$.address") return inviting.addressBad;
  return code === "not_found" ? inviting.refused.gone : errorWords({ code, reason });
}
