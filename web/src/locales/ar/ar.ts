/** All of the interface in Arabic, as one chunk that is loaded before the page speaks. */

import type { Part, Parts } from "../parts.ts";
import { later } from "./later.ts";
import { said } from "./lines.ts";
import { exporting } from "./own/export.ts";
import { look } from "./own/look.ts";
import { mail } from "./own/mail.ts";
import { own } from "./own/own.ts";
import { profile } from "./own/profile.ts";
import { unreads } from "./own/unreads.ts";
import { places } from "./places.ts";
import { codes, reasons } from "./reasons.ts";
import { bots } from "./server/bots.ts";
import { emoji } from "./server/emoji.ts";
import { groups } from "./server/groups.ts";
import { inviting } from "./server/inviting.ts";
import { signals } from "./signals.ts";
import { words } from "./words.ts";

const parts: Parts = { later, said, exporting, look, mail, own, profile, unreads, places, reasons, codes, bots, emoji, groups, inviting, signals, words };

export function speaker(part: Part): object {
  return parts[part];
}
