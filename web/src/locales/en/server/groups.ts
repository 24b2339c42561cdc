/** Every sentence about groups of people in English. */

import { count, many } from "../count.ts";
import { spoken } from "../../spoken.ts";

export const groups = spoken("groups", {
  title: "Groups of people",
  lead: "Several people who are mentioned together: @name tells all of them.",
  onlyAdmins: "Admins of this server make and change them.",
  all: "All groups",
  none: "There are no groups yet.",
  people: (n: number) => many(n, "person", "people"),
  show: "Show",
  showNamed: (name: string) => `Show who is in ${name}`,
  change: "Change",
  changeNamed: (name: string) => `Change ${name}`,
  delete: "Delete",
  deleteNamed: (name: string) => `Delete ${name}`,
  deleteTitle: (name: string) => `Delete the group ${name}?`,
  deleteSure: "Nobody can mention it any more. Its people and what they wrote stay.",
  deleted: (name: string) => `${name} is deleted.`,
  create: "New group",
  createTitle: "New group of people",
  changeTitle: (name: string) => `Group ${name}`,
  name: "Name",
  nameHint: "One word, as it is written after the @.",
  members: (n: number, most: number) => `${count.format(n)} of at most ${many(most, "person", "people")}`,
  nobody: "Nobody is in this group.",
  save: "Save",
  make: "Make group",
  made: (name: string) => `${name} is there for everybody to mention.`,
  saved: (name: string) => `${name} is changed.`,
  tooMany: (most: number) => `A group has at most ${many(most, "person", "people")}, for so many one message may mention.`,
  refused: {
    name: "One word of letters, digits, dots, hyphens and underscores.",
    name_taken: "Another group has this name.",
    changed: "Somebody else changed this group meanwhile. This is how it is now: change it again if you still want to.",
    full: "There are 500 groups already. Delete one first.",
    gone: "This group was deleted meanwhile.",
    person: "One of these people is not here any more. Close this and try again.",
    server_admin: "Only an admin of this server may change groups.",
  },
});
