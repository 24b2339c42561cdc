/** How people are let into the server, in Arabic. */

import type { Parts } from "../../parts.ts";
import { ar } from "../count.ts";

export const inviting: Parts["inviting"] = {
  title: "إدخال الأشخاص",
  invite: "ادعُ شخصًا إلى إنشاء حساب",
  inviteLead: "الرابط ينشئ حسابًا واحدًا. أعطه لمن هو له.",
  guest: "ضيفًا",
  guestHint: "لا يرى الضيف إلا المحادثات التي دُعي إليها ومن فيها.",
  make: "إنشاء رابط",
  link: "رابط إنشاء الحساب",
  linkHint: (date) => ar`لا يظهر إلا الآن، ويصلح مرة واحدة، حتى ${date}.`,
  copy: "نسخ الرابط",
  address: "عنوان البريد",
  addressHint: "أو ليرسل هذا الخادم الرابط بالبريد.",
  addressBad: "هذا ليس عنوان بريد.",
  send: "إرسال الدعوة",
  sent: (address) => ar`دعوة في طريقها إلى ${address}.`,
  reset: "نسي شخص كلمة مروره",
  resetLead: "بالرابط يضع كلمة مرور جديدة، ثم تُسجَّل كل أجهزته خروجًا.",
  resetFor: (name) => ar`رابط لكلمة مرور جديدة لـ${name}`,
  refused: {
    server_admin: "لا يُدخل الأشخاصَ إلا مشرف على هذا الخادم.",
    gone: "لا شخص كهذا، أو لا كلمة مرور له: ليس للبوتات كلمات مرور.",
  },
};
