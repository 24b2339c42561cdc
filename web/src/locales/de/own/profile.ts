/** Oneself in the settings, in German: one's name and one's mail. */

import type { Parts } from "../../parts.ts";

export const profile: Parts["profile"] = {
  name: "Wie andere dich nennen",
  nameHint: (signIn) => `Du meldest dich als ${signIn} an, wie auch immer du heißt.`,
  save: "Speichern",
  saved: "Gespeichert.",
  mail: "E-Mail",
  mailLead: "Ein Link für ein vergessenes Passwort geht an deine Adresse.",
  address: "E-Mail-Adresse",
  addressBad: "Das ist keine E-Mail-Adresse.",
  confirmFirst: "Link zusenden",
  changeAddress: "Adresse ändern",
  pending: (address) => `Ein Link ist unterwegs an ${address}. Folge ihm binnen 15 Minuten.`,
  remove: "Adresse entfernen",
  removeTitle: "Deine Adresse entfernen?",
  removeSure: "Dann kann dir niemand einen Link für ein vergessenes Passwort senden, und Zusammenfassungen enden.",
  followers: "Wer diesem Thread folgt",
  nobodyFollows: "Noch folgt niemand diesem Thread.",
  digest: "Sag mir per E-Mail, was ich verpasst habe, höchstens einmal am Tag",
};
