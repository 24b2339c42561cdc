/** The words, dates and numbers of the interface in the language of this page. */

import { words } from "../../locales/en/words.ts";
import { language } from "../../locales/spoken.ts";

export { language, words };

/** The reader's kind of this language; where he has none, English goes by his own clocks, and others by theirs. */
const kind = navigator.languages.find((one) => one.startsWith(language)) ?? (language === "en" ? undefined : language);
/** Of 24 hours or twice 12. */
export const { hourCycle = "h23" } = new Intl.DateTimeFormat(kind, { hour: "numeric" }).resolvedOptions();
const clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit", hourCycle });
const weekday = new Intl.DateTimeFormat(language, { weekday: "short" });
const dayMonth = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const monthYear = new Intl.DateTimeFormat(language, { month: "short", year: "numeric" });
const longDay = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const longDayYear = new Intl.DateTimeFormat(language, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium", hourCycle });
const list = new Intl.ListFormat(language);
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const DAY_MS = 86_400_000;

export function time(at: number): string {
  return clock.format(at);
}

export function fullTime(at: number): string {
  return full.format(at);
}

/** The number of the local day, so that two moments of one day compare equal. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS;
}

/** The name of a day between messages: Today, Yesterday, or the date. */
export function dayName(at: number, now: number): string {
  const age = dayOf(now) - dayOf(at);
  if (age === 0) return words.today;
  if (age === 1) return words.yesterday;
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? longDay : longDayYear).format(at);
}

/** The shortest word for when, for the narrow column of a list. */
export function shortTime(at: number, now: number): string {
  const age = dayOf(now) - dayOf(at);
  if (age <= 0) return clock.format(at);
  if (age < 7) return weekday.format(at);
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? dayMonth : monthYear).format(at);
}

export function ago(at: number, now: number): string {
  const minutes = Math.round((at - now) / 60_000);
  if (minutes > -60) return relative.format(Math.min(0, minutes), "minute");
  const hours = Math.round(minutes / 60);
  if (hours > -24) return relative.format(hours, "hour");
  const days = Math.round(hours / 24);
  if (days > -31) return relative.format(days, "day");
  return days > -365 ? relative.format(Math.round(days / 30.4), "month") : relative.format(Math.round(days / 365.25), "year");
}

/** Names as a sentence has them: the first three, and how many others. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, names.length > 4 ? 3 : 4);
  const others = names.length - shown.length;
  return list.format(others === 0 ? shown : [...shown, words.others(others)]);
}

let reasons: Readonly<Record<string, string>> = {};
let codes: Readonly<Record<string, string>> = words.errors;

/** Comes beside the page; without it a refusal is said by few codes. */
export const reasonsKnown: Promise<void> = import("../../locales/en/reasons.ts").then(
  (found) => {
    reasons = found.reasons;
    codes = { ...codes, ...found.codes };
  },
  () => undefined,
);

/** A refusal in words: by its reason, else by its code; the server's own text is never shown. */
export function errorWords(error: { code: string; reason?: string | null | undefined }): string {
  return reasons[error.reason ?? ""] ?? codes[error.code] ?? words.unknownError(error.code);
}
