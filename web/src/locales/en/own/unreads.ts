/** Every sentence about all that is unread in English. */

import { many } from "../count.ts";
import { spoken } from "../../spoken.ts";

export const unreads = spoken("unreads", {
  title: "All unread",
  nothing: "You have read everything. Muted and hidden conversations are not shown here.",
  failed: "What is unread could not be loaded.",
  unread: (n: number) => many(n, "unread message", "unread messages"),
  mentions: (n: number) => many(n, "mention", "mentions"),
  rest: (n: number) => `and ${many(n, "more message", "more messages")}`,
  open: "Open",
  openAt: (title: string) => `Open ${title}`,
  read: "Mark as read",
  readAll: (title: string) => `Mark ${title} as read`,
  isRead: (title: string) => `${title} is read.`,
  more: "Show more",
});
