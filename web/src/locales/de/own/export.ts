/** Taking data along, in German. */

import type { Parts } from "../../parts.ts";

export const exporting: Parts["exporting"] = {
  title: "Deine Daten",
  lead: "Alles, was du lesen darfst, deine Einstellungen und was du dir merkst, als eine Datei. Einmal am Tag.",
  ask: "Meine Daten exportieren",
  making: "Deine Datei wird erstellt. Du kannst das hier so lange schließen.",
  download: "Herunterladen",
  ready: "Deine Datei ist fertig. Sie wird einen Tag lang aufbewahrt.",
  failed: {
    ask_operator: "Das ist hier zu viel für eine Datei. Bitte den Betreiber dieses Servers darum.",
    interrupted: "Der Server wurde unterbrochen. Versuche es noch einmal.",
  },
  daily: "Du hattest heute schon eine. Komm morgen wieder.",
  conversation: "Exportieren",
};
