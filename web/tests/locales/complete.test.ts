/** Every language says everything: the types see missing sentences, and here is what they cannot see. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { many as counted } from "../../src/locales/ar/count.ts";
import { speaker as arabic } from "../../src/locales/ar/ar.ts";
import { speaker as german } from "../../src/locales/de/de.ts";
import type { Part } from "../../src/locales/parts.ts";
import { speaker as pseudo } from "../../src/locales/pseudo.ts";

const LOCALES = join(import.meta.dirname, "../../src/locales");
const english = await parts();
const languages = { German: german, Arabic: arabic } as const;
/** The same in German as in English, because it is the word. */
const SAME = new Set([
  ..."Seriatim OK Details Thread Threads Name Code Bot Bots Webhook Webhooks Emoji Person Moderation Admin System Online Offline Smileys Esc".split(" "),
  "3 online",
]);

/** What stands in Latin letters in Arabic: names, and what is written on keys. */
const LATIN = new Set(
  "Seriatim Escape Alt PNG GIF WebP JPEG https name me shrug invite topic Ctrl Del Enter Shift PgUp PgDn Home End Esc".split(" "),
);

function latin(text: string): readonly string[] {
  return text.match(/[A-Za-z]{2,}/g) ?? [];
}

async function parts(): Promise<Record<string, object>> {
  const found: Record<string, object> = {};
  for (const name of readdirSync(join(LOCALES, "en"), { recursive: true, encoding: "utf-8" })) {
    if (!name.endsWith(".ts") || name === "count.ts") continue;
    Object.assign(found, await import(join(LOCALES, "en", name)));
  }
  return found;
}

/** Every sentence by its path; what takes something is given threes, which serve as words too. */
function sentences(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (typeof value === "string") return [[path, value]];
  // Lines of the log are told second who does it.
  if (typeof value === "function") return [[path, String(path.startsWith("said.") ? value(3, "one", 3, 3) : value(3, 3, 3, 3))]];
  return Object.entries(value as object).flatMap(([key, inner]) => sentences(inner, `${path}.${key}`));
}

function of(speaker: (part: Part, english: object) => object): Map<string, string> {
  return new Map(Object.entries(english).flatMap(([part, words]) => sentences(speaker(part as Part, words), part)));
}

const all = new Map(Object.entries(english).flatMap(([part, words]) => sentences(words, part)));

describe.each(Object.entries(languages))("%s", (_name, speaker) => {
  const said = of(speaker);

  test("has each sentence and no other, and none is empty", () => {
    expect([...said.keys()].toSorted()).toEqual([...all.keys()].toSorted());
    expect([...said].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  test("puts in as much as English does", () => {
    const lost = [...all].filter(([path, text]) => text.includes("3") && said.get(path)?.includes("3") !== true);
    expect(lost).toEqual([]);
  });
});

test("nothing was left in English", () => {
  const left = [...of(german)].filter(([path, text]) => text === all.get(path) && latin(text).length > 0 && !SAME.has(text));
  expect(left).toEqual([]);
  const strange = [...of(arabic)].flatMap(([path, text]) => latin(text).filter((word) => !LATIN.has(word)).map((word) => `${path}: ${word}`));
  expect(strange).toEqual([]);
});

test("Arabic counts in its six forms", () => {
  const forms = { zero: "0", one: "1", two: "2", few: "# f", many: "# m", other: "# o" };
  expect([0, 1, 2, 3, 10, 11, 99, 100, 103, 1_000].map((n) => counted(n, forms))).toEqual(["0", "1", "2", "3 f", "10 f", "11 m", "99 m", "100 o", "103 f", "1,000 o"]);
});

test("the language for tests brackets each sentence once, makes it longer, and leaves alone what is put in", () => {
  for (const [path, text] of of(pseudo)) {
    expect(text, path).toMatch(/^\[.*\]$/s);
    expect(text.length, path).toBeGreaterThan((all.get(path)?.length ?? 0) * 1.3);
  }
  const { greet } = pseudo("words", { greet: (name: string) => `Hello ${name}!` }) as { greet: (name: string) => string };
  expect(greet("Ada")).toContain(" Ada");
});

test("what a language is made of imports types only of what is outside it, or the page and it would wait for each other", () => {
  for (const name of readdirSync(LOCALES, { recursive: true, encoding: "utf-8" })) {
    if (!/^(de|ar)\/.*\.ts$|^pseudo\.ts$/.test(name)) continue;
    const text = readFileSync(join(LOCALES, name), "utf-8");
    for (const [line, from = ""] of text.matchAll(/^import (?!type).*from "([^"]+)";$/gm)) {
      expect(join("/", name, "..", from).split("/")[1], `${name}: ${line}`).toBe(name.split("/")[0]);
    }
  }
});
