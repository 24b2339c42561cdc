/** Taking data along, in Arabic. */

import type { Parts } from "../../parts.ts";

export const exporting: Parts["exporting"] = {
  title: "بياناتك",
  lead: "كل ما يحق لك قراءته، وإعداداتك، وما تحتفظ به لنفسك، في ملف واحد. مرة في اليوم.",
  ask: "تصدير بياناتي",
  making: "ملفك قيد الإعداد. يمكنك إغلاق هذا في هذه الأثناء.",
  download: "تنزيل",
  ready: "ملفك جاهز. يُحفظ يومًا واحدًا.",
  failed: {
    ask_operator: "هذا أكثر مما يسعه ملف واحد هنا. اطلبه ممن يدير هذا الخادم.",
    interrupted: "انقطع عمل الخادم. حاول من جديد.",
  },
  daily: "حصلت على ملف اليوم. عُد غدًا.",
  conversation: "تصدير",
};
