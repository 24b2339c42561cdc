/** Oneself in the settings, in Arabic: one's name and one's mail. */

import type { Parts } from "../../parts.ts";
import { ar } from "../count.ts";

export const profile: Parts["profile"] = {
  name: "بماذا يسميك الآخرون",
  nameHint: (signIn) => ar`تسجّل الدخول باسم ${signIn}، مهما كان ما تُسمّى به.`,
  save: "حفظ",
  saved: "حُفظ.",
  mail: "البريد",
  mailLead: "إلى عنوانك يصل رابط إن نسيت كلمة المرور.",
  address: "عنوان البريد",
  addressBad: "هذا ليس عنوان بريد.",
  confirmFirst: "أرسل لي رابطًا",
  changeAddress: "تغيير العنوان",
  pending: (address) => ar`رابط في الطريق إلى ${address}. افتحه خلال 15 دقيقة.`,
  remove: "إزالة العنوان",
  removeTitle: "إزالة عنوانك؟",
  removeSure: "عندها لا يستطيع أحد أن يرسل إليك رابطًا إن نسيت كلمة المرور، وتتوقف الملخصات.",
  followers: "من يتابع هذه السلسلة",
  nobodyFollows: "لا أحد يتابع هذه السلسلة بعد.",
  digest: "أخبرني بالبريد بما فاتني، مرة في اليوم على الأكثر",
};
