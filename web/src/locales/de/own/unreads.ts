/** All that is unread, in German. */

import type { Parts } from "../../parts.ts";
import { many } from "../count.ts";

export const unreads: Parts["unreads"] = {
  title: "Alles Ungelesene",
  nothing: "Du hast alles gelesen. Stumme und ausgeblendete Unterhaltungen stehen hier nicht.",
  failed: "Das Ungelesene ließ sich nicht laden.",
  unread: (n) => many(n, "ungelesene Nachricht", "ungelesene Nachrichten"),
  mentions: (n) => many(n, "Erwähnung", "Erwähnungen"),
  rest: (n) => `und ${many(n, "weitere Nachricht", "weitere Nachrichten")}`,
  open: "Öffnen",
  openAt: (title) => `${title} öffnen`,
  read: "Als gelesen markieren",
  readAll: (title) => `${title} als gelesen markieren`,
  isRead: (title) => `${title} ist gelesen.`,
  more: "Mehr zeigen",
};
