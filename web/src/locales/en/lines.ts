/** What lines of the log say, in English: who created, came, left, renamed. */

import { spoken } from "../spoken.ts";

/** Who does something in a sentence: the reader, somebody else, or several; in some languages the verb shows it. */
export type Doer = "you" | "one" | "several";

export const said = spoken("said", {
  created: (who: string, _by: Doer) => `${who} created this conversation`,
  joined: (who: string, _by: Doer) => `${who} joined`,
  invited: (who: string, _by: Doer, whom: string) => `${who} added ${whom}`,
  left: (who: string, _by: Doer) => `${who} left`,
  removed: (who: string, _by: Doer, whom: string) => `${who} removed ${whom}`,
  banned: (who: string, _by: Doer, whom: string) => `${who} banned ${whom}`,
  archived: (who: string, _by: Doer) => `${who} archived this conversation`,
  unarchived: (who: string, _by: Doer) => `${who} opened this conversation again`,
  settingsNow: (who: string, _by: Doer) => `${who} changed the settings`,
  roleNow: (who: string, _by: Doer, whom: string, role: string) => `${who} made ${whom} ${role}`,
  roleWords: { owner: "an owner", admin: "an admin", member: "an ordinary member", guest: "a guest" },
  renamed: (who: string, _by: Doer, title: string) => `${who} changed the name to “${title}”`,
  topicNow: (who: string, _by: Doer, topic: string) => `${who} set the topic: ${topic}`,
  visibilityNow: (who: string, _by: Doer, visibility: string) => `${who} made this conversation ${visibility}`,
  unsupported: "An entry that this version cannot show",
  youObject: "you",
  visibility: { public: "public", private: "private", listed: "visible to everybody on this server" },
});
