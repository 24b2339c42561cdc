/** The server's own emoji, in German. */

import type { Parts } from "../../parts.ts";

export const emoji: Parts["emoji"] = {
  title: "Emoji dieses Servers",
  lead: "Ein PNG, GIF, WebP oder JPEG, höchstens 128 kB und 512 Pixel breit und hoch. Alle hier können es benutzen.",
  none: "Es gibt noch keine.",
  name: "Name",
  nameHint: "2 bis 32 von a–z, 0–9, _ + -",
  picture: "Bild",
  add: "Emoji hinzufügen",
  remove: (name) => `:${name}: entfernen`,
  removeTitle: (name) => `:${name}: entfernen?`,
  removeSure: "Nachrichten und Reaktionen, die es benutzen, zeigen stattdessen seinen Namen.",
  removeIt: "Entfernen",
  added: (name) => `:${name}: ist für alle da.`,
  removed: (name) => `:${name}: ist entfernt.`,
  refused: {
    emoji_name: "Das kann kein Name sein: 2 bis 32 von a–z, 0–9, _ + -.",
    standard: "So heißt ein Standard-Emoji.",
    name_taken: "So heißt ein anderes Emoji.",
    picture: "Das ist kein ganzes PNG, GIF, WebP oder JPEG.",
    picture_bytes: "Dieses Bild hat mehr als 128 kB.",
    picture_pixels: "Dieses Bild ist mehr als 512 Pixel breit oder hoch.",
    full: "Es gibt 1.000 Emoji. Entferne zuerst eins.",
  },
};
