/** What lines of the log say, in Arabic; names come isolated already. */

import type { Doer } from "../en/lines.ts";
import type { Parts } from "../parts.ts";

/** The verb after the doer: أنت فعلتَ، سارة فعل، سارة وعلي فعلوا. */
function did(who: string, by: Doer, you: string, one: string, several: string): string {
  return `${who} ${{ you, one, several }[by]}`;
}

export const said: Parts["said"] = {
  created: (who, by) => `${did(who, by, "أنشأتَ", "أنشأ", "أنشؤوا")} هذه المحادثة`,
  joined: (who, by) => did(who, by, "انضممتَ", "انضم", "انضموا"),
  invited: (who, by, whom) => `${did(who, by, "أضفتَ", "أضاف", "أضافوا")}: ${whom}`,
  left: (who, by) => did(who, by, "غادرتَ", "غادر", "غادروا"),
  removed: (who, by, whom) => `${did(who, by, "أزلتَ", "أزال", "أزالوا")}: ${whom}`,
  banned: (who, by, whom) => `${did(who, by, "حظرتَ", "حظر", "حظروا")}: ${whom}`,
  archived: (who, by) => `${did(who, by, "أرشفتَ", "أرشف", "أرشفوا")} هذه المحادثة`,
  unarchived: (who, by) => `${did(who, by, "أعدتَ", "أعاد", "أعادوا")} فتح هذه المحادثة`,
  settingsNow: (who, by) => `${did(who, by, "غيّرتَ", "غيّر", "غيّروا")} الإعدادات`,
  roleNow: (who, by, whom, role) => `${did(who, by, "غيّرتَ", "غيّر", "غيّروا")} الدور: ${whom} الآن ${role}`,
  roleWords: { owner: "مالك", admin: "مشرف", member: "عضو عادي", guest: "ضيف" },
  renamed: (who, by, title) => `${did(who, by, "غيّرتَ", "غيّر", "غيّروا")} الاسم إلى «${title}»`,
  topicNow: (who, by, topic) => `${did(who, by, "حدّدتَ", "حدّد", "حدّدوا")} الموضوع: ${topic}`,
  visibilityNow: (who, by, visibility) => `${did(who, by, "جعلتَ", "جعل", "جعلوا")} هذه المحادثة ${visibility}`,
  unsupported: "مدخل لا يستطيع هذا الإصدار عرضه",
  youObject: "أنت",
  visibility: { public: "عامة", private: "خاصة", listed: "مرئية لكل من على هذا الخادم" },
};
