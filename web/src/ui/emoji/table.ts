/** All emoji with their names: loaded when somebody looks for one. */

import { gemoji, nameToEmoji } from "gemoji";
import { known } from "./known.svelte.ts";

export interface Emoji {
  readonly emoji: string;
  /** As it is written between colons. */
  readonly name: string;
  readonly description: string;
}

const all = gemoji.map(({ emoji, names: [name = ""], description, category, names, tags }) => ({
  emoji, name, description, category,
  words: [...names, ...tags, ...description.toLowerCase().split(/[ :]+/)],
}));

/** In their groups, in the order in which keyboards have them. */
export const groups: readonly (readonly [string, readonly Emoji[]])[] = [...new Set(all.map(({ category }) => category))].map((name) => [
  name,
  all.filter(({ category }) => category === name),
]);

/** Those of the server, in the order of their names. */
export function ofServer(): readonly Emoji[] {
  return [...known.all.keys()].map((name) => ({ emoji: `:${name}:`, name, description: name.replaceAll("_", " ") }));
}

/** Return the emoji whose names or tags begin with this text: the server's own first, of the others those named exactly so. */
export function search(text: string, most: number): readonly Emoji[] {
  const wanted = text.toLowerCase();
  const rank = ({ name, words }: (typeof all)[number]): number => {
    if (name === wanted) return 0;
    if (name.startsWith(wanted)) return 1;
    return words.some((word) => word.startsWith(wanted)) ? 2 : 3;
  };
  const own = ofServer().filter(({ name }) => name.startsWith(wanted));
  const ranked = all.map((one) => [rank(one), one] as const).filter(([place]) => place < 3);
  return [...own, ...ranked.sort(([a], [b]) => a - b).map(([, one]) => one)].slice(0, most);
}

/** Return the text with emoji in place of `:names:`, but not in code. */
export function emojified(text: string): string {
  return text.replace(/```[\s\S]*?(?:```|$)|`[^`\n]*`|:([a-z0-9_+-]{2,}):/g, (found, name?: string) => (name === undefined ? found : (nameToEmoji[name] ?? found)));
}
