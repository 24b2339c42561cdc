/** The parts of the catalogue: English gives the type, and a language that lacks a sentence does not compile. */

import type { later } from "./en/later.ts";
import type { said } from "./en/lines.ts";
import type { exporting } from "./en/own/export.ts";
import type { look } from "./en/own/look.ts";
import type { mail } from "./en/own/mail.ts";
import type { own } from "./en/own/own.ts";
import type { profile } from "./en/own/profile.ts";
import type { unreads } from "./en/own/unreads.ts";
import type { places } from "./en/places.ts";
import type { codes, reasons } from "./en/reasons.ts";
import type { bots } from "./en/server/bots.ts";
import type { emoji } from "./en/server/emoji.ts";
import type { groups } from "./en/server/groups.ts";
import type { inviting } from "./en/server/inviting.ts";
import type { signals } from "./en/signals.ts";
import type { words } from "./en/words.ts";

/** By name, as `spoken` asks for them. */
export interface Parts {
  readonly later: typeof later;
  readonly said: typeof said;
  readonly exporting: typeof exporting;
  readonly look: typeof look;
  readonly mail: typeof mail;
  readonly own: typeof own;
  readonly profile: typeof profile;
  readonly unreads: typeof unreads;
  readonly places: typeof places;
  readonly reasons: typeof reasons;
  readonly codes: typeof codes;
  readonly bots: typeof bots;
  readonly emoji: typeof emoji;
  readonly groups: typeof groups;
  readonly inviting: typeof inviting;
  readonly signals: typeof signals;
  readonly words: typeof words;
}

export type Part = keyof Parts;
