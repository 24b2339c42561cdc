/** What an act was about, besides whom and where, in words (pure): which role, which settings, whose name. */

import { later } from "../../../locales/en/later.ts";
import { places } from "../../../locales/en/places.ts";
import { bots } from "../../../locales/en/server/bots.ts";
import { SCOPES } from "../../bots/scopes.ts";
import { mediumTime } from "../times.ts";

const SETTINGS: Readonly<Record<string, string>> = {
  title: places.name,
  topic: places.topic,
  visibility: places.whoFinds,
  history: places.historyRule,
  post_role: places.mayWrite,
  invite_role: places.mayInvite,
  pin_role: places.mayPin,
  slow_mode_s: places.slowMode,
  archived: places.archive,
};
const ROLES: Readonly<Record<string, string>> = later.roles;

/** Return the words; "" where nothing is to be added. What the server adds one day is left out. */
export function aboutAct({ name, role, before, changed, scopes, until }: Readonly<Record<string, unknown>>): string {
  if (typeof role === "string") return [before, role].flatMap((one) => (typeof one === "string" ? (ROLES[one] ?? []) : [])).join(" → ");
  if (Array.isArray(changed)) return changed.flatMap((one) => SETTINGS[String(one)] ?? []).join(", ");
  if (Array.isArray(scopes)) return SCOPES.flatMap((one) => (scopes.includes(one) ? [bots.scope[one][0]] : [])).join(" · ");
  if (typeof until === "string") return places.until(mediumTime(Date.parse(until)));
  return typeof name === "string" ? name : "";
}
