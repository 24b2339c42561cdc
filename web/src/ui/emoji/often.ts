/** The emoji that are used most often in this browser. */

import { emojiToName } from "gemoji";
import { known } from "./known.svelte.ts";

const KEY = "seriatim.emoji";
const FIRST = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀"];
const SHOWN = 16;
const KEPT = 60;

/** Note that this one was used: it stands further in front the next time. */
export function used(emoji: string): void {
  const counts = { ...kept(), [emoji]: (kept()[emoji] ?? 0) + 1 };
  const most = Object.entries(counts).sort(([, a], [, b]) => b - a);
  localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(most.slice(0, KEPT))));
}

export function often(): readonly { readonly emoji: string; readonly description: string }[] {
  const own = Object.entries(kept()).sort(([, a], [, b]) => b - a);
  const there = own.map(([one]) => one).filter((one) => !one.startsWith(":") || known.all.has(one.slice(1, -1)));
  const emoji = [...new Set([...there, ...FIRST])].slice(0, SHOWN);
  return emoji.map((one) => ({ emoji: one, description: (emojiToName[one] ?? one).replaceAll("_", " ") }));
}

function kept(): Readonly<Record<string, number>> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, number>;
  } catch {
    return {};
  }
}
