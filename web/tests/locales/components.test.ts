/** Components of the page: what they say stands in a catalogue, and where they put it goes by the direction of writing. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import { expect, test } from "vitest";

const UI = join(import.meta.dirname, "../../src/ui");
/** Attributes that somebody reads or hears. */
const SAYING = new Set(["aria-label", "aria-description", "aria-roledescription", "title", "placeholder", "alt", "label", "text", "hint"]);
const WORDS = /\p{L}{2,}/u;

const sources = readdirSync(UI, { recursive: true, encoding: "utf-8" })
  .filter((name) => /\.(svelte|css)$/.test(name) && !name.startsWith("dev/"))
  .map((name) => ({ name, source: readFileSync(join(UI, name), "utf-8") }));

interface Node {
  readonly type?: string;
  readonly name?: string;
  readonly data?: string;
  readonly value?: unknown;
}

/** Every text of a template, and every attribute of fixed text that is read. */
function said(value: unknown, within = ""): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => said(one, within));
  if (typeof value !== "object" || value === null) return [];
  const node = value as Node;
  if (node.type === "StyleDirective") return [];
  if (node.type === "Text") return within === "" || SAYING.has(within) ? [node.data ?? ""] : [];
  if (node.type === "Attribute") return said(node.value, node.name);
  return Object.values(node).flatMap((inner) => said(inner, within));
}

test("a component says nothing that stands in no catalogue", () => {
  const found = sources
    .filter(({ name }) => name.endsWith(".svelte"))
    .flatMap(({ name, source }) => said(parse(source, { modern: true }).fragment).map((text) => `${name}: ${text}`));
  expect(found.length).toBeGreaterThan(100);
  expect(found.filter((text) => WORDS.test(text.slice(text.indexOf(":"))))).toEqual([]);
});

test("no style knows left or right", () => {
  const sided = /(?:^|[;{\s])((?:left|right|float)\s*:[^;]*|[\w-]+-(?:left|right)(?:-[\w-]+)?\s*:[^;]*|text-align:\s*(?:left|right)[^;]*);/gm;
  const styles = sources.map(({ name, source }) => ({ name, style: name.endsWith(".css") ? source : (/<style>.*<\/style>/s.exec(source)?.[0] ?? "") }));
  expect(styles.flatMap(({ name, style }) => [...style.matchAll(sided)].map(([, rule]) => `${name}: ${rule}`))).toEqual([]);
  // Of four values the second is the right one and the fourth the left one.
  const four = /(?:padding|margin): (?:[\w.-]+|\w+\([^;]*?\)) ([\w.-]+|\w+\([^;]*?\)) (?:[\w.-]+|\w+\([^;]*?\)) ([\w.-]+|\w+\([^;]*?\));/g;
  const uneven = ({ name, style }: (typeof styles)[number]) =>
    [...style.matchAll(four)].filter(([rule, right, left]) => right !== left && !rule.includes("env(")).map(([rule]) => `${name}: ${rule}`);
  expect(styles.flatMap(uneven)).toEqual([]);
});
