/** The pages that links in mails lead to, in German. */

import type { Parts } from "../../parts.ts";

export const mail: Parts["mail"] = {
  askTitle: "Neues Passwort setzen",
  askLead: "Sag, wer du bist, und ein Link kommt an die Adresse, die du bestätigt hast.",
  who: "Name oder E-Mail-Adresse",
  whoMissing: "Gib deinen Namen oder deine E-Mail-Adresse ein.",
  askButton: "Link zusenden",
  asked: "Wenn es hier jemanden mit bestätigter Adresse gibt, ist ein Link unterwegs. Er gilt 15 Minuten.",
  noMail: "Dieser Server verschickt keine E-Mails. Bitte einen seiner Admins um einen Link.",
  setTitle: "Wähle ein neues Passwort",
  setLead: "Alle deine Geräte werden abgemeldet, und du meldest dich mit dem neuen Passwort wieder an.",
  newPassword: "Neues Passwort",
  setButton: "Passwort setzen",
  set: "Dein Passwort ist gesetzt. Alle Geräte sind abgemeldet.",
  linkBad: "Dieser Link wurde schon benutzt oder ist zu alt. Bitte um einen neuen.",
  confirmTitle: "Bestätige deine Adresse",
  confirmLead: "Von da an gehen Links für ein vergessenes Passwort dorthin.",
  confirmButton: "Adresse bestätigen",
  confirmed: "Deine Adresse ist bestätigt.",
  addressTaken: "Ein anderes Konto hat diese Adresse.",
  endTitle: "Keine Zusammenfassungen mehr",
  endLead: "Du erfährst nicht mehr per E-Mail, was du verpasst hast.",
  endButton: "Zusammenfassungen beenden",
  ended: "Du bekommst keine mehr.",
  toLogIn: "Zur Anmeldung",
  tooOften: "Das war oft. Versuche es später noch einmal.",
  failed: "Das hat nicht geklappt. Versuche es noch einmal.",
};
