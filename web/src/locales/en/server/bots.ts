/** Every sentence about the bots of the server in English. */

import { spoken } from "../../spoken.ts";

export const bots = spoken("bots", {
  title: "Bots",
  lead: "A bot is an account that a program speaks with. It sees and says what its token is good for, where it is a member.",
  all: "All bots",
  none: "There are no bots yet.",
  about: (owner: string, date: string) => `made by ${owner}, ${date}`,
  create: "New bot",
  make: "Make bot",
  name: "Name",
  scopes: "What it may do",
  scope: {
    read: ["Read", "Entries, lists and people, and to be told what happens"],
    send: ["Write", "Messages and polls, and what may become of its own"],
    react: ["React", "Reactions and votes"],
    manage: ["Manage", "Conversations: making, joining, people, roles, settings, pins"],
  },
  scopeMissing: "Choose at least one, or the bot can do nothing.",
  token: (name: string) => `Token of ${name}`,
  tokenHint: "It is shown only now, and does not expire. Whoever has it speaks as this bot: keep it like a password.",
  copy: "Copy token",
  renew: "New token",
  renewNamed: (name: string) => `New token for ${name}`,
  renewTitle: (name: string) => `A new token for ${name}?`,
  renewSure: "The token that it has now ends at once, and the bot is away until its program has the new one.",
  remove: "Remove",
  removeNamed: (name: string) => `Remove ${name}`,
  removeTitle: (name: string) => `Remove the bot ${name}?`,
  removeSure: "Its token and its commands end at once. What it said stays, under its name. This cannot be undone.",
  removed: (name: string) => `${name} is removed.`,
  refused: {
    name: "A name has 1 to 64 visible characters, and no blank at its ends.",
    name_taken: "A person or another bot has this name.",
    full: "There are 1,000 bots already. Remove one first.",
    gone: "This bot was removed meanwhile.",
    server_admin: "Only an admin of this server may look after its bots.",
  },
});
