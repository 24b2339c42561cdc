/** What lines of the log say, in German. */

import type { Doer } from "../en/lines.ts";
import type { Parts } from "../parts.ts";

function has(who: string, by: Doer): string {
  return `${who} ${{ you: "hast", one: "hat", several: "haben" }[by]}`;
}

function is(who: string, by: Doer): string {
  return `${who} ${{ you: "bist", one: "ist", several: "sind" }[by]}`;
}

export const said: Parts["said"] = {
  created: (who, by) => `${has(who, by)} diese Unterhaltung begonnen`,
  joined: (who, by) => `${is(who, by)} beigetreten`,
  invited: (who, by, whom) => `${has(who, by)} ${whom} hinzugefügt`,
  left: (who, by) => `${is(who, by)} gegangen`,
  removed: (who, by, whom) => `${has(who, by)} ${whom} entfernt`,
  banned: (who, by, whom) => `${has(who, by)} ${whom} ausgeschlossen`,
  archived: (who, by) => `${has(who, by)} diese Unterhaltung archiviert`,
  unarchived: (who, by) => `${has(who, by)} diese Unterhaltung wieder geöffnet`,
  settingsNow: (who, by) => `${has(who, by)} die Einstellungen geändert`,
  roleNow: (who, by, whom, role) => `${has(who, by)} ${whom} ${role} gemacht`,
  roleWords: { owner: "zum Inhaber", admin: "zum Admin", member: "zum einfachen Mitglied", guest: "zum Gast" },
  renamed: (who, by, title) => `${has(who, by)} den Namen in „${title}“ geändert`,
  topicNow: (who, by, topic) => `${has(who, by)} das Thema gesetzt: ${topic}`,
  visibilityNow: (who, by, visibility) => `${has(who, by)} diese Unterhaltung ${visibility} gemacht`,
  unsupported: "Ein Eintrag, den diese Version nicht zeigen kann",
  youObject: "dich",
  visibility: { public: "öffentlich", private: "privat", listed: "für alle auf diesem Server sichtbar" },
};
