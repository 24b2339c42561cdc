/** The layers of the web client: core knows no page, a page knows core by its port only, and nothing makes HTML. */

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../src");
/** What a page may take from core: the contract, the types that cross it, and the numbers of the protocol. */
const OFFERED = new Set(["core/port.ts", "core/text/tokens.ts", "core/protocol/types.ts"]);

interface Import {
  readonly file: string;
  readonly from: string;
}

function files(): readonly string[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf-8" }).filter((name) => /\.(ts|svelte)$/.test(name) && !name.endsWith(".test.ts"));
}

function imports(): readonly Import[] {
  return files().flatMap((file) => {
    const text = readFileSync(join(SRC, file), "utf-8");
    const found = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g)];
    return found.map(([, name = ""]) => ({ file, from: name.startsWith(".") ? relative(SRC, join(SRC, dirname(file), name)) : name }));
  });
}

function told({ file, from }: Import): string {
  return `${file} imports ${from}`;
}

test("core imports nothing of the page, and no framework", () => {
  const wrong = imports().filter(({ file, from }) => file.startsWith("core/") && (/^(ui|page|sw|locales)\//.test(from) || /svelte|virtua/.test(from)));
  expect(wrong.map(told)).toEqual([]);
});

test("the page imports of core only its port and the types that cross it", () => {
  const wrong = imports().filter(({ file, from }) => file.startsWith("ui/") && from.startsWith("core/") && !OFFERED.has(from));
  expect(wrong.map(told)).toEqual([]);
});

test("the service worker stands alone", () => {
  const wrong = imports().filter(({ file, from }) => file.startsWith("sw/") && !from.startsWith("sw/"));
  expect(wrong.map(told)).toEqual([]);
});

test("no file makes HTML from a string, and none is longer than 500 lines", () => {
  for (const file of files()) {
    const text = readFileSync(join(SRC, file), "utf-8");
    expect(/\{@html|innerHTML|insertAdjacentHTML|outerHTML|document\.write/.test(text), `${file} makes HTML`).toBe(false);
    if (file !== "core/protocol/types.ts") expect(text.split("\n").length, file).toBeLessThanOrEqual(501);
  }
});

test("every file says first what it is for", () => {
  for (const file of files()) {
    const text = readFileSync(join(SRC, file), "utf-8").trimStart();
    expect(/^(<!--|\/\*\*|<script[^>]*>\s*\/\*\*|<script[^>]*>\s*\/\/)/.test(text), file).toBe(true);
  }
});

test("the lock file names no host", () => {
  expect(readFileSync(join(SRC, "../package-lock.json"), "utf-8")).not.toContain('"resolved"');
});
