/** Numbers and put-in words in Arabic sentences. */

const plural = new Intl.PluralRules("ar");

export const count = new Intl.NumberFormat("ar");

/** A noun in all the forms that a number asks for; `#` stands for the number, which one and two do without. */
export interface Counted {
  readonly zero: string;
  readonly one: string;
  readonly two: string;
  readonly few: string;
  readonly many: string;
  readonly other: string;
}

export function many(n: number, noun: Counted): string {
  return noun[plural.select(n)].replace("#", count.format(n));
}

/** A sentence whose put-in words keep their own direction, so that they do not carry off what stands beside them. */
export function ar(pieces: TemplateStringsArray, ...words: readonly string[]): string {
  return pieces.map((piece, at) => (at === 0 ? piece : `\u2068${words[at - 1]}\u2069${piece}`)).join("");
}

export const people: Counted = {
  zero: "لا أحد",
  one: "شخص واحد",
  two: "شخصان",
  few: "# أشخاص",
  many: "# شخصًا",
  other: "# شخص",
};

export const replies: Counted = {
  zero: "لا ردود",
  one: "رد واحد",
  two: "ردّان",
  few: "# ردود",
  many: "# ردًا",
  other: "# رد",
};

export const unreadMessages: Counted = {
  zero: "لا رسائل غير مقروءة",
  one: "رسالة واحدة غير مقروءة",
  two: "رسالتان غير مقروءتان",
  few: "# رسائل غير مقروءة",
  many: "# رسالة غير مقروءة",
  other: "# رسالة غير مقروءة",
};

export const hours: Counted = {
  zero: "أقل من ساعة",
  one: "ساعة واحدة",
  two: "ساعتين",
  few: "# ساعات",
  many: "# ساعة",
  other: "# ساعة",
};

export const minutes: Counted = {
  zero: "أقل من دقيقة",
  one: "دقيقة واحدة",
  two: "دقيقتين",
  few: "# دقائق",
  many: "# دقيقة",
  other: "# دقيقة",
};

export const seconds: Counted = {
  zero: "أقل من ثانية",
  one: "ثانية واحدة",
  two: "ثانيتين",
  few: "# ثوانٍ",
  many: "# ثانية",
  other: "# ثانية",
};
