/**
 * A language for tests, made of English: letters with accents, two fifths longer, in brackets. What is not so on a
 * screen stands in no catalogue, and what loses its last bracket has no room. What is put in (names, numbers) stays.
 */

const PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ACCENTED = [..."áƀćđéƒǵĥíĵķłɱñóƥɋŕśţúṽŵẋýžÁƁĆĐÉƑǴĤÍĴĶŁṀÑÓƤɊŔŚŢÚṼŴẊÝŽ"];
/** Around what is put in, so that it stays: of the private use area, and never seen. */
const FROM = "\uE000";
const TO = "\uE001";

export function speaker(_part: string, english: object): object {
  return each(english);
}

/** One sentence in the language. */
export function pseudo(english: string): string {
  const kept = new RegExp(`${FROM}([^${FROM}${TO}]*)${TO}`);
  const said = english
    .split(kept)
    .map((piece, at) => (at % 2 === 1 ? piece : [...piece].map((letter) => ACCENTED[PLAIN.indexOf(letter)] ?? letter).join("")))
    .join("");
  // In pieces, as words are: a line breaks between them.
  const longer = "~".repeat(Math.ceil(english.length * 0.4)).replaceAll("~".repeat(8), "~~~~~~~ ");
  return `[${said}${longer}]`;
}

function each(value: unknown): object {
  if (Array.isArray(value)) return value.map(one);
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, one(inner)]));
}

function one(value: unknown): unknown {
  if (typeof value === "string") return pseudo(value);
  if (typeof value === "function") return (...given: unknown[]) => result(value(...given.map(marked)));
  return each(value);
}

function marked(given: unknown): unknown {
  return typeof given === "string" ? `${FROM}${given}${TO}` : given;
}

function result(said: unknown): unknown {
  return typeof said === "string" ? pseudo(said) : said;
}
