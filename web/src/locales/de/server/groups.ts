/** Groups of people, in German. */

import type { Parts } from "../../parts.ts";
import { count, many } from "../count.ts";

export const groups: Parts["groups"] = {
  title: "Personengruppen",
  lead: "Mehrere Personen, die zusammen erwähnt werden: @name sagt es ihnen allen.",
  onlyAdmins: "Admins dieses Servers legen sie an und ändern sie.",
  all: "Alle Gruppen",
  none: "Es gibt noch keine Gruppen.",
  people: (n) => many(n, "Person", "Personen"),
  show: "Zeigen",
  showNamed: (name) => `Zeigen, wer in ${name} ist`,
  change: "Ändern",
  changeNamed: (name) => `${name} ändern`,
  delete: "Löschen",
  deleteNamed: (name) => `${name} löschen`,
  deleteTitle: (name) => `Die Gruppe ${name} löschen?`,
  deleteSure: "Niemand kann sie mehr erwähnen. Ihre Personen und was sie geschrieben haben, bleiben.",
  deleted: (name) => `${name} ist gelöscht.`,
  create: "Neue Gruppe",
  createTitle: "Neue Personengruppe",
  changeTitle: (name) => `Gruppe ${name}`,
  name: "Name",
  nameHint: "Ein Wort, so wie es nach dem @ geschrieben wird.",
  members: (n, most) => `${count.format(n)} von höchstens ${many(most, "Person", "Personen")}`,
  nobody: "Niemand ist in dieser Gruppe.",
  save: "Speichern",
  make: "Gruppe anlegen",
  made: (name) => `${name} kann jetzt von allen erwähnt werden.`,
  saved: (name) => `${name} ist geändert.`,
  tooMany: (most) => `Eine Gruppe hat höchstens ${many(most, "Person", "Personen")}, denn so viele darf eine Nachricht erwähnen.`,
  refused: {
    name: "Ein Wort aus Buchstaben, Ziffern, Punkten, Bindestrichen und Unterstrichen.",
    name_taken: "Eine andere Gruppe heißt so.",
    changed: "Jemand anders hat diese Gruppe inzwischen geändert. So ist sie jetzt: Ändere sie noch einmal, wenn du es noch willst.",
    full: "Es gibt schon 500 Gruppen. Lösche zuerst eine.",
    gone: "Diese Gruppe wurde inzwischen gelöscht.",
    person: "Eine dieser Personen ist nicht mehr hier. Schließe das und versuche es noch einmal.",
    server_admin: "Nur ein Admin dieses Servers darf Gruppen ändern.",
  },
};
