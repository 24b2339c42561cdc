/** The present moment, and who has read, in German. */

import type { Parts } from "../parts.ts";
import { count, many } from "./count.ts";

export const signals: Parts["signals"] = {
  state: { online: "Online", away: "Abwesend", do_not_disturb: "Bitte nicht stören", offline: "Offline" },
  lastSeen: (ago) => `Zuletzt hier ${ago}`,
  until: (when) => `bis ${when}`,
  online: (n) => `${count.format(n)} online`,

  types: (name) => `${name} schreibt`,
  typeBoth: (one, other) => `${one} und ${other} schreiben`,
  typeThree: (one, two, three) => `${one}, ${two} und ${three} schreiben`,
  typeMany: "Mehrere schreiben",

  sent: "Gesendet",
  delivered: "Zugestellt",
  deliveredTo: (n, of) => `Zugestellt an ${count.format(n)} von ${count.format(of)}`,
  read: "Gelesen",
  readBy: (n, of) => `Gelesen von ${count.format(n)} von ${count.format(of)}`,
  readCount: (n) => `Gelesen von ${many(n, "Person", "Personen")}`,
  whoRead: "Wer es gelesen hat",
  readersTitle: "Wer es gelesen hat",
  readers: "Gelesen",
  receivers: "Zugestellt, nicht gelesen",
  others: "Nicht zugestellt",
  noReaders: "Noch niemand.",
  readersHint: "Wer nicht verrät, was er liest, steht bei denen, die nicht gelesen haben.",

  status: (now) => `Dein Status: ${now}`,
  statusTitle: "Dein Status",
  chosen: { auto: "Automatisch", away: "Abwesend", do_not_disturb: "Bitte nicht stören", invisible: "Unsichtbar" },
  chosenHint: {
    auto: "Online, solange du hier bist, nach einer Weile abwesend.",
    away: "Du wirkst abwesend, was immer du tust.",
    do_not_disturb: "Andere sehen, dass du nicht gestört werden willst.",
    invisible: "Du wirkst offline, und niemand sieht dich schreiben.",
  },
  statusText: "Was machst du gerade?",
  statusTextHint: "Andere sehen es neben deinem Namen.",
  ends: "Bis",
  endings: { never: "Ich ändere es", half: "In 30 Minuten", hour: "In einer Stunde", four: "In vier Stunden", morning: "Morgen um neun", kept: "Wie bisher" },
  lastSeenTo: "Wer sieht, wann du zuletzt hier warst",
  audiences: { everyone: "Alle auf diesem Server", contacts: "Personen, mit denen ich direkt schreibe", nobody: "Niemand" },
  save: "Speichern",
  clear: "Entfernen",
  tooLong: (n) => `${many(n, "Zeichen", "Zeichen")} zu viel`,

  threadUnread: (n) => many(n, "ungelesene Antwort in Threads", "ungelesene Antworten in Threads"),
  mentioned: (n) => many(n, "Erwähnung von dir", "Erwähnungen von dir"),
};
