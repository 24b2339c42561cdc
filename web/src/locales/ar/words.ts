/** What is said from the start, in Arabic. */

import type { Parts } from "../parts.ts";
import { ar, count, many, unreadMessages } from "./count.ts";

export const words: Parts["words"] = {
  product: "Seriatim",
  close: "إغلاق",
  cancel: "إلغاء",
  back: "رجوع",
  retry: "إعادة المحاولة",
  edit: "تعديل",
  delete: "حذف",
  someone: "شخص ما",
  you: "أنت",
  loading: "جارٍ التحميل…",
  messageLabel: (who, text, when) => ar`${who}: ${text}، ${when}`,
  listHint: "مفاتيح الأسهم تنقلك بين الرسائل، ومفتاح الإدخال إلى إجراءاتها، ومفتاح Escape يعيدك إلى الكتابة.",
  settingsOf: (name) => ar`${name}: الإعدادات والأجهزة`,
  noConversations: "لا محادثات بعد.",
  notSent: "لم تُرسل.",
  announcements: "رسائل جديدة",
  updateReady: "إصدار جديد جاهز.",
  reload: "إعادة التحميل",
  wasRevoked: "سُجّل خروج هذا الجهاز.",
  failedToOpen: "تعذّر فتح هذه المحادثة.",

  skipToMessages: "الانتقال إلى الرسائل",
  conversationsRegion: "المحادثات",
  messagesRegion: "الرسائل",
  detailsRegion: "التفاصيل",
  threadRegion: "السلسلة",

  linkOffline: "أنت غير متصل. ما تكتبه يبقى محفوظًا ويُرسل حين تعود.",
  linkConnecting: "جارٍ الاتصال…",
  linkSyncing: "جارٍ تحديث المحادثات…",
  linkDraining: "الخادم يُعاد تشغيله، لحظة من فضلك.",
  noWorker: "هذا المتصفح يمنع التخزين: ما تكتبه هنا يضيع عند إغلاق الصفحة.",
  deviceFull: "المساحة على هذا الجهاز ضاقت. أُزيلت منه رسائل قديمة، وهي ما زالت على الخادم.",
  understood: "حسنًا",

  filter: "تصفية المحادثات",
  noMatch: "لا شيء بهذا الاسم.",
  sections: { pinned: "المثبّتة", direct: "المباشرة", groups: "المجموعات والقنوات" },
  muted: "مكتومة",
  markedUnread: "معلّمة كغير مقروءة",
  newConversation: "محادثة جديدة",
  draft: "مسودة:",
  unread: (n) => many(n, unreadMessages),
  untitledGroup: "مجموعة بلا اسم",
  untitledChannel: "قناة بلا اسم",
  pickTitle: "اختر محادثة",
  pickLead: "محادثاتك على اليمين. تنتقل بينها بـ Alt+↑ و Alt+↓.",
  emptyTitle: "لا أحد هنا بعد",
  emptyLead: "ابدأ محادثة مع أحد، أو أنشئ مجموعة، أو انضم إلى قناة عامة.",
  archivedHere: "هذه المحادثة مؤرشفة.",
  announcement: "الكتابة هنا لبعض الأعضاء فقط. يمكنك القراءة والتفاعل.",
  notMember: "لم تعد عضوًا. يمكنك قراءة ما كُتب حتى مغادرتك.",

  members: (n) =>
    many(n, {
      zero: "لا أعضاء",
      one: "عضو واحد",
      two: "عضوان",
      few: "# أعضاء",
      many: "# عضوًا",
      other: "# عضو",
    }),
  details: "التفاصيل",
  messagesOf: (title) => ar`الرسائل في ${title}`,
  fresh: "جديد",
  newMessages: (n) => ar`${count.format(n)} جديد`,
  toEnd: "إلى أحدث رسالة",
  loadingOlder: "جارٍ تحميل رسائل أقدم…",
  start: "هنا تبدأ المحادثة.",
  firstMessage: "لا رسائل بعد. ألقِ التحية.",
  noHistory: "تعذّر تحميل هذه الرسائل.",
  deletedQuote: "رسالة غير محمّلة",
  edited: "معدّلة",
  editedTitle: "معدّلة: عرض ما كان فيها",
  deletedMessage: "حُذفت هذه الرسالة",
  blockedMessage: "من شخص حظرته",
  show: "عرض",
  bot: "بوت",
  webhook: "خطّاف ويب",
  deletedShort: "رسالة محذوفة",
  forwardedFrom: (name) => ar`معاد توجيهها، كتبها ${name}`,
  pinned: "مثبّتة",
  pins: "الرسائل المثبّتة",
  repliedInThread: "ردّ في سلسلة",
  spoiler: "محتوى مخفي: اضغط لعرضه",
  dismiss: "إخفاء",
  takenBack: (what, why) =>
    `${
      {
        edit: "لم يُقبل تعديلك",
        delete: "لم تُحذف الرسالة",
        pin: "لم تُثبّت الرسالة",
        unpin: "ما زالت الرسالة مثبّتة",
        vote: "لم يُقبل صوتك",
        close_poll: "لم يُغلق الاستطلاع",
      }[what] ?? "لم يُقبل تفاعلك"
    }: ${why}`,
  copy: "نسخ",
  copied: "نُسخ",
  today: "اليوم",
  yesterday: "أمس",

  others: (others) =>
    many(others, {
      zero: "لا آخرون",
      one: "شخص آخر",
      two: "شخصان آخران",
      few: "# آخرون",
      many: "# آخرون",
      other: "# آخرون",
    }),

  stateQueued: "بانتظار الشبكة",
  stateFailed: (why) => `لم تُرسل: ${why}`,

  write: (title) => ar`رسالة إلى ${title}`,

  notLoaded: "تعذّر تحميل هذا الجزء من الصفحة.",

  announce: (who, text) => ar`${who}: ${text}`,
  announceMany: (n) =>
    many(n, {
      zero: "لا رسائل جديدة",
      one: "رسالة جديدة",
      two: "رسالتان جديدتان",
      few: "# رسائل جديدة",
      many: "# رسالة جديدة",
      other: "# رسالة جديدة",
    }),

  errors: {
    offline: "لا يمكن الوصول إلى الخادم. تُعاد المحاولة تلقائيًا.",
    unauthenticated: "سُجّل خروجك. سجّل الدخول من جديد.",
    token_expired: "انتهت جلستك. سجّل الدخول من جديد.",
  },
  unknownError: (code) => ar`لم ينجح ذلك (${code}).`,
};
