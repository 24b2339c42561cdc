/** All that is unread, in Arabic. */

import type { Parts } from "../../parts.ts";
import { ar, many, unreadMessages } from "../count.ts";

export const unreads: Parts["unreads"] = {
  title: "كل غير المقروء",
  nothing: "قرأت كل شيء. المحادثات المكتومة والمخفية لا تظهر هنا.",
  failed: "تعذّر تحميل غير المقروء.",
  unread: (n) => many(n, unreadMessages),
  mentions: (n) =>
    many(n, { zero: "لا إشارات", one: "إشارة واحدة", two: "إشارتان", few: "# إشارات", many: "# إشارة", other: "# إشارة" }),
  rest: (n) =>
    `و${many(n, {
      zero: "لا رسائل أخرى",
      one: "رسالة أخرى",
      two: "رسالتان أخريان",
      few: "# رسائل أخرى",
      many: "# رسالة أخرى",
      other: "# رسالة أخرى",
    })}`,
  open: "فتح",
  openAt: (title) => ar`فتح ${title}`,
  read: "تعليم كمقروء",
  readAll: (title) => ar`تعليم ${title} كمقروء`,
  isRead: (title) => ar`${title} مقروءة.`,
  more: "عرض المزيد",
};
