/** Every sentence about all that is unread in English. */

const plural = new Intl.PluralRules("en");
const count = new Intl.NumberFormat("en");
const many = (n: number, one: string, other: string) => `${count.format(n)} ${plural.select(n) === "one" ? one : other}`;

export const unreads = {
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
};
