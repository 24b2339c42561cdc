/** Moments to come that people choose, by the clocks of this device. */

import { hourCycle, language } from "../app/locale.ts";

const HOUR_MS = 3_600_000;
const MORNING = 9;
const short = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle });

/** The name of the time zone that this device is in. */
export const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

export function when(at: number): string {
  return short.format(at);
}

export function inHours(hours: number, now = Date.now()): number {
  return now + hours * HOUR_MS;
}

/** Nine o'clock, tomorrow. */
export function tomorrow(now = Date.now()): number {
  return morning(1, now);
}

/** Nine o'clock on the next Monday that is not today. */
export function monday(now = Date.now()): number {
  return morning((8 - new Date(now).getDay()) % 7 || 7, now);
}

/** What an input of a local date and time holds. */
export function inputOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The moment that such an input names, by the clocks of this device; null: none, or it is not to come within a year. */
export function momentOf(input: string, now = Date.now()): number | null {
  const at = new Date(input).getTime();
  return at > now && at < inHours(365 * 24, now) ? at : null;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

function morning(days: number, now: number): number {
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, MORNING).getTime();
}
