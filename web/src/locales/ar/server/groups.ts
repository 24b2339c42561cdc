/** Groups of people, in Arabic. */

import type { Parts } from "../../parts.ts";
import { ar, count, many, people } from "../count.ts";

export const groups: Parts["groups"] = {
  title: "مجموعات الأشخاص",
  lead: "عدة أشخاص يُشار إليهم معًا: يُبلّغهم @name جميعًا.",
  onlyAdmins: "ينشئها ويغيّرها مشرفو هذا الخادم.",
  all: "كل المجموعات",
  none: "لا مجموعات بعد.",
  people: (n) => many(n, people),
  show: "عرض",
  showNamed: (name) => ar`عرض من في ${name}`,
  change: "تغيير",
  changeNamed: (name) => ar`تغيير ${name}`,
  delete: "حذف",
  deleteNamed: (name) => ar`حذف ${name}`,
  deleteTitle: (name) => ar`حذف المجموعة ${name}؟`,
  deleteSure: "لن يستطيع أحد الإشارة إليها. يبقى أشخاصها وما كتبوه.",
  deleted: (name) => ar`حُذفت ${name}.`,
  create: "مجموعة جديدة",
  createTitle: "مجموعة أشخاص جديدة",
  changeTitle: (name) => ar`المجموعة ${name}`,
  name: "الاسم",
  nameHint: "كلمة واحدة، كما تُكتب بعد @.",
  members: (n, most) => ar`${count.format(n)} من ${many(most, people)} على الأكثر`,
  nobody: "لا أحد في هذه المجموعة.",
  save: "حفظ",
  make: "إنشاء المجموعة",
  made: (name) => ar`يستطيع الجميع الآن الإشارة إلى ${name}.`,
  saved: (name) => ar`غُيّرت ${name}.`,
  tooMany: (most) => `في المجموعة ${many(most, people)} على الأكثر، فهذا أقصى ما تشير إليه رسالة واحدة.`,
  refused: {
    name: "كلمة واحدة من أحرف وأرقام ونقاط وواصلات وشرطات سفلية.",
    name_taken: "مجموعة أخرى لها هذا الاسم.",
    changed: "غيّر شخص آخر هذه المجموعة في هذه الأثناء. هكذا هي الآن: غيّرها من جديد إن كنت ما زلت تريد.",
    full: "هناك 500 مجموعة بالفعل. احذف واحدة أولًا.",
    gone: "حُذفت هذه المجموعة في هذه الأثناء.",
    person: "أحد هؤلاء الأشخاص لم يعد هنا. أغلق هذا وحاول من جديد.",
    server_admin: "لا يغيّر المجموعات إلا مشرف على هذا الخادم.",
  },
};
