/**
 * Which language this page speaks. It is decided once, before a sentence is asked for: every catalogue waits for this
 * module, which waits for the chunk of another language than English, so that sentences are plain values everywhere.
 * Nothing that such a chunk imports may import this module, or the two would wait for each other.
 */

import { kept } from "../page/kept.ts";
import type { Part } from "./parts.ts";

/** What a chunk of a language gives: a part of the catalogue in that language. */
export type Speaker = (part: Part, english: object) => object;

const others: Readonly<Record<string, () => Promise<{ readonly speaker: Speaker }>>> = {
  de: () => import("./de/de.ts"),
  ar: () => import("./ar/ar.ts"),
  // For tests: English, longer and marked, so that what stands in no catalogue and what does not fit is seen.
  pseudo: () => import("./pseudo.ts"),
};

/** The languages to choose from, each by its own name. */
export const LANGUAGES = [
  ["en", "English"],
  ["de", "Deutsch"],
  ["ar", "العربية"],
] as const;

/** Of all that the user reads, the first that is spoken here. */
function wanted(): string {
  const wishes = [kept("language"), ...navigator.languages].map((wish) => wish.split("-")[0] ?? "");
  return wishes.find((wish) => wish === "en" || Object.hasOwn(others, wish)) ?? "en";
}

const name = wanted();
// Without the chunk, as offline where it was never loaded, the page speaks English.
const speaker: Speaker | null = (await others[name]?.().then((found) => found.speaker, () => null)) ?? null;

/** As Intl and `lang` name it. */
export const language = speaker === null || name === "pseudo" ? "en" : name;
export const direction = language === "ar" ? "rtl" : "ltr";

/** A part of the catalogue in the language of this page; `english` stands in the page's own code, and gives the type. */
export function spoken<Words extends object>(part: Part, english: Words): Words {
  return speaker === null ? english : (speaker(part, english) as Words);
}
