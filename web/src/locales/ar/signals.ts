/** The present moment, and who has read, in Arabic. */

import type { Parts } from "../parts.ts";
import { ar, count, many, people } from "./count.ts";

export const signals: Parts["signals"] = {
  state: { online: "متصل", away: "بعيد", do_not_disturb: "عدم الإزعاج", offline: "غير متصل" },
  lastSeen: (ago) => ar`آخر ظهور ${ago}`,
  until: (when) => ar`حتى ${when}`,
  online: (n) => ar`${count.format(n)} متصل`,

  types: (name) => ar`${name} يكتب`,
  typeBoth: (one, other) => ar`${one} و${other} يكتبان`,
  typeThree: (one, two, three) => ar`${one} و${two} و${three} يكتبون`,
  typeMany: "عدة أشخاص يكتبون",

  sent: "أُرسلت",
  delivered: "وصلت",
  deliveredTo: (n, of) => ar`وصلت إلى ${count.format(n)} من ${count.format(of)}`,
  read: "قُرئت",
  readBy: (n, of) => ar`قرأها ${count.format(n)} من ${count.format(of)}`,
  readCount: (n) => (n === 0 ? "لم يقرأها أحد" : `قرأها ${many(n, people)}`),
  whoRead: "من قرأها",
  readersTitle: "من قرأها",
  readers: "قُرئت",
  receivers: "وصلت ولم تُقرأ",
  others: "لم تصل",
  noReaders: "لا أحد بعد.",
  readersHint: "من لا يُظهر ما يقرؤه يقف بين من لم يقرؤوا.",

  status: (now) => ar`حالتك: ${now}`,
  statusTitle: "حالتك",
  chosen: { auto: "تلقائي", away: "بعيد", do_not_disturb: "عدم الإزعاج", invisible: "غير مرئي" },
  chosenHint: {
    auto: "متصل ما دمت هنا، وبعيد بعد مدة.",
    away: "تبدو بعيدًا مهما فعلت.",
    do_not_disturb: "يرى الآخرون أنك لا تريد إزعاجًا.",
    invisible: "تبدو غير متصل، ولا يراك أحد تكتب.",
  },
  statusText: "ماذا تفعل؟",
  statusTextHint: "يراه الآخرون بجانب اسمك.",
  ends: "حتى",
  endings: { never: "أغيّره بنفسي", half: "بعد 30 دقيقة", hour: "بعد ساعة", four: "بعد أربع ساعات", morning: "غدًا في التاسعة", kept: "كما هو" },
  lastSeenTo: "من يرى متى كنت هنا آخر مرة",
  audiences: { everyone: "كل من على هذا الخادم", contacts: "من أراسلهم مباشرة", nobody: "لا أحد" },
  save: "حفظ",
  clear: "مسح",
  tooLong: (n) =>
    `زيادة ${many(n, { zero: "لا أحرف", one: "حرف واحد", two: "حرفين", few: "# أحرف", many: "# حرفًا", other: "# حرف" })}`,

  threadUnread: (n) =>
    many(n, {
      zero: "لا ردود غير مقروءة في السلاسل",
      one: "رد واحد غير مقروء في السلاسل",
      two: "ردّان غير مقروءين في السلاسل",
      few: "# ردود غير مقروءة في السلاسل",
      many: "# ردًا غير مقروء في السلاسل",
      other: "# رد غير مقروء في السلاسل",
    }),
  mentioned: (n) =>
    many(n, {
      zero: "لم تُذكر",
      one: "ذُكرت مرة واحدة",
      two: "ذُكرت مرتين",
      few: "ذُكرت # مرات",
      many: "ذُكرت # مرة",
      other: "ذُكرت # مرة",
    }),
};
