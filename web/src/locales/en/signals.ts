/** Every sentence about the present moment and about who has read, in English. */

import { count, many } from "./count.ts";
import { spoken } from "../spoken.ts";

export const signals = spoken("signals", {
  state: { online: "Online", away: "Away", do_not_disturb: "Do not disturb", offline: "Offline" },
  lastSeen: (ago: string) => `Last here ${ago}`,
  until: (when: string) => `until ${when}`,
  online: (n: number) => `${count.format(n)} online`,

  types: (name: string) => `${name} is typing`,
  typeBoth: (one: string, other: string) => `${one} and ${other} are typing`,
  typeThree: (one: string, two: string, three: string) => `${one}, ${two} and ${three} are typing`,
  typeMany: "Several people are typing",

  sent: "Sent",
  delivered: "Delivered",
  deliveredTo: (n: number, of: number) => `Delivered to ${count.format(n)} of ${count.format(of)}`,
  read: "Read",
  readBy: (n: number, of: number) => `Read by ${count.format(n)} of ${count.format(of)}`,
  readCount: (n: number) => `Read by ${many(n, "person", "people")}`,
  whoRead: "Who has read it",
  readersTitle: "Who has read it",
  readers: "Read",
  receivers: "Delivered, not read",
  others: "Not delivered",
  noReaders: "Nobody yet.",
  readersHint: "Who does not tell what he reads stands among those who have not read.",

  status: (now: string) => `Your status: ${now}`,
  statusTitle: "Your status",
  chosen: { auto: "Automatic", away: "Away", do_not_disturb: "Do not disturb", invisible: "Invisible" },
  chosenHint: {
    auto: "Online while you are here, away after a while.",
    away: "You look away, whatever you do.",
    do_not_disturb: "Others see that you do not want to be disturbed.",
    invisible: "You look offline, and nobody sees you typing.",
  },
  statusText: "What are you doing?",
  statusTextHint: "Others see it beside your name.",
  ends: "Until",
  endings: { never: "I change it", half: "In 30 minutes", hour: "In an hour", four: "In four hours", morning: "Tomorrow at nine", kept: "As it is" },
  lastSeenTo: "Who sees when you were last here",
  audiences: { everyone: "Everybody on this server", contacts: "People I write to directly", nobody: "Nobody" },
  save: "Save",
  clear: "Clear",
  tooLong: (n: number) => `${many(n, "character", "characters")} too many`,

  threadUnread: (n: number) => many(n, "unread reply in threads", "unread replies in threads"),
  mentioned: (n: number) => many(n, "mention of you", "mentions of you"),
});
