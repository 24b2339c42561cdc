/** What lines of the log say, in English: who created, came, left, renamed. */

import { spoken } from "../spoken.ts";

export const said = spoken("said", {
  created: (who: string) => `${who} created this conversation`,
  joined: (who: string) => `${who} joined`,
  invited: (who: string, whom: string) => `${who} added ${whom}`,
  left: (who: string) => `${who} left`,
  removed: (who: string, whom: string) => `${who} removed ${whom}`,
  banned: (who: string, whom: string) => `${who} banned ${whom}`,
  archived: (who: string) => `${who} archived this conversation`,
  unarchived: (who: string) => `${who} opened this conversation again`,
  settingsNow: (who: string) => `${who} changed the settings`,
  roleNow: (who: string, whom: string, role: string) => `${who} made ${whom} ${role}`,
  roleWords: { owner: "an owner", admin: "an admin", member: "an ordinary member", guest: "a guest" },
  renamed: (who: string, title: string) => `${who} changed the name to “${title}”`,
  topicNow: (who: string, topic: string) => `${who} set the topic: ${topic}`,
  visibilityNow: (who: string, visibility: string) => `${who} made this conversation ${visibility}`,
  unsupported: "An entry that this version cannot show",
  youObject: "you",
  visibility: { public: "public", private: "private", listed: "visible to everybody on this server" },
});
