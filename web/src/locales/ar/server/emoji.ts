/** The server's own emoji, in Arabic. */

import type { Parts } from "../../parts.ts";
import { ar } from "../count.ts";

export const emoji: Parts["emoji"] = {
  title: "إيموجي هذا الخادم",
  lead: "ملف PNG أو GIF أو WebP أو JPEG، بحجم 128 ك.ب و512 بكسل عرضًا وطولًا على الأكثر. يستعمله كل من هنا.",
  none: "لا شيء بعد.",
  name: "الاسم",
  nameHint: "من 2 إلى 32 من \u2066a–z 0–9 _ + -\u2069",
  picture: "الصورة",
  add: "إضافة إيموجي",
  remove: (name) => ar`إزالة ${`:${name}:`}`,
  removeTitle: (name) => ar`إزالة ${`:${name}:`}؟`,
  removeSure: "تُظهر الرسائل والتفاعلات التي تستعمله اسمه بدلًا منه.",
  removeIt: "إزالة",
  added: (name) => ar`${`:${name}:`} متاح للجميع.`,
  removed: (name) => ar`أُزيل ${`:${name}:`}.`,
  refused: {
    emoji_name: "لا يصلح هذا اسمًا: من 2 إلى 32 من \u2066a–z 0–9 _ + -\u2069",
    standard: "إيموجي قياسي له هذا الاسم.",
    name_taken: "إيموجي آخر له هذا الاسم.",
    picture: "هذا ليس ملف PNG أو GIF أو WebP أو JPEG كاملًا.",
    picture_bytes: "هذه الصورة أكبر من 128 ك.ب.",
    picture_pixels: "هذه الصورة أكبر من 512 بكسل عرضًا أو طولًا.",
    full: "هناك 1,000 إيموجي؛ أزل واحدًا أولًا.",
  },
};
