/** Dates and spans of time as the layers about people and places say them. */

import { places } from "../../locales/en/places.ts";
import { hourCycle, language } from "../app/locale.ts";

const medium = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle });

/** A day with its time, short enough for a line. */
export function mediumTime(at: number): string {
  return medium.format(at);
}

const two = (n: number) => String(n).padStart(2, "0");

/** What is left of a wait: seconds below a minute, then minutes and seconds, then hours and minutes. */
export function span(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1_000));
  if (s < 60) return places.inSeconds(String(s));
  return s < 3_600 ? places.inMinutes(`${Math.floor(s / 60)}:${two(s % 60)}`) : places.inHours(`${Math.floor(s / 3_600)}:${two(Math.floor((s % 3_600) / 60))}`);
}
