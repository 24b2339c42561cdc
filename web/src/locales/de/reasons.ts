/** Why something was refused, in German. */

import type { Parts } from "../parts.ts";

export const reasons: Parts["reasons"] = {
  last_owner: "Du bist der letzte Inhaber: Mach zuerst jemand anderen zum Inhaber.",
  full: "Diese Unterhaltung ist voll.",
  archived: "Diese Unterhaltung ist archiviert.",
  silenced: "Du kannst hier zurzeit nur lesen.",
  post_role: "Hier dürfen nur einige schreiben.",
  slow_mode: "Langsamer Modus: Warte etwas, bevor du wieder schreibst.",
  mention_all: "Alle erwähnen in großen Unterhaltungen nur Admins, und niemand zweimal in zehn Minuten.",
  already_member: "Jemand davon ist schon dabei.",
  taken: "Eine andere Person kümmert sich schon um diese Meldung.",
  resolved: "Über diese Meldung ist schon entschieden.",
  unchanged: "So ist es schon.",
  bot_away: "Der Bot hat nicht geantwortet.",
  banned: "Diese Person ist aus dieser Unterhaltung ausgeschlossen.",
  blocked: "Diese Person möchte nichts von dir hören.",
  name_taken: "So heißt schon jemand.",
  guest: "Gäste können das nicht.",
  invitation: "Diese Einladung gilt nicht mehr.",
  deleted: "Die Nachricht wurde inzwischen gelöscht.",
  forwarded: "Eine weitergeleitete Nachricht lässt sich nicht bearbeiten.",
  closed: "Diese Umfrage ist geschlossen.",
  anonymous: "Wer hier abgestimmt hat, erfährt niemand.",
  pins: "Es ist zu viel angeheftet. Löse zuerst etwas.",
  reaction_kinds: "Diese Nachricht hat zu viele verschiedene Reaktionen.",
  pin_role: "Hier dürfen nur einige etwas anheften.",
  twice: "Zwei Antworten sind gleich.",
  closes_at: "Eine Umfrage endet innerhalb von 30 Tagen.",
  device_full: "Auf diesem Gerät ist kein Platz mehr. Schaffe welchen und versuche es dann noch einmal.",
  other_sign_in: "Das wurde vor deiner erneuten Anmeldung geschrieben und ist vielleicht schon gesendet.",
};

export const codes: Parts["codes"] = {
  bad_frame: "Der Server hat diese Version der Seite nicht verstanden. Lade sie neu.",
  bad_request: "Der Server hat die Eingabe abgelehnt.",
  forbidden: "Das darfst du hier nicht.",
  not_found: "Das gibt es nicht, oder du kannst es nicht sehen.",
  key_reused: "Diese Nachricht wurde schon mit anderem Text gesendet.",
  conflict: "Das geht im Moment nicht.",
  gone: "Das ist abgelaufen.",
  too_large: "Das ist zu lang.",
  quota_exceeded: "Dein Speicherplatz ist aufgebraucht.",
  rate_limited: "Zu schnell. Bitte versuche es gleich noch einmal.",
  internal: "Auf dem Server ist etwas schiefgegangen. Bitte versuche es noch einmal.",
  unavailable: "Der Server ist nicht erreichbar. Bitte versuche es noch einmal.",
};
