/** Fails when the built page is heavier than its budget: what is loaded until a conversation is readable, gzipped. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const STATIC = join(import.meta.dirname, "../../src/seriatim/static");
const BUDGETS = { js: 90_000, css: 12_000 };
/** Of a language, which comes before the page where it is not English. */
const LANGUAGE = 16_000;

const page = readFileSync(join(STATIC, "index.html"), "utf-8");
const assets = readdirSync(join(STATIC, "assets"));
// The page's own files, what they preload, and the worker with what it imports; chunks that load later are not counted.
const workers = assets.filter((name) => /^worker-.*\.js$/.test(name));
const texts = workers.map((name) => readFileSync(join(STATIC, "assets", name), "utf-8"));
const imported = new Set(texts.flatMap((text) => [...text.matchAll(/from\s*"\.\/([^"]+)"/g)].map(([, file]) => file)));
const initial = assets.filter((name) => page.includes(name) || workers.includes(name) || imported.has(name));

let failed = false;
for (const [kind, budget] of Object.entries(BUDGETS)) {
  const files = initial.filter((name) => name.endsWith(`.${kind}`));
  const sizes = files.map((name) => gzipSync(readFileSync(join(STATIC, "assets", name)), { level: 9 }).length);
  const sum = sizes.reduce((total, size) => total + size, 0);
  const state = sum <= budget ? "within" : "OVER";
  failed ||= sum > budget || files.length === 0;
  console.log(`${kind}: ${(sum / 1_000).toFixed(1)} kB gzip of ${budget / 1_000}, ${state} (${files.map((name, at) => `${name} ${sizes[at]}`).join(", ")})`);
}
for (const name of assets.filter((one) => /^(de|ar)-.*\.js$/.test(one))) {
  const size = gzipSync(readFileSync(join(STATIC, "assets", name)), { level: 9 }).length;
  failed ||= size > LANGUAGE;
  console.log(`${name}: ${(size / 1_000).toFixed(1)} kB gzip of ${LANGUAGE / 1_000}`);
}
process.exitCode = failed ? 1 : 0;
