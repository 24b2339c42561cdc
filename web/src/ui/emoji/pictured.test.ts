import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gemoji } from "gemoji";
import { expect, test } from "vitest";
import { pictured } from "./pictured.ts";

const KNOWN = new Map([
  ["parrot", 1],
  ["30", 2],
]);

test.each<[string, readonly (string | number)[]]>([
  ["no emoji", ["no emoji"]],
  [":parrot:", [1]],
  ["a :parrot: b", ["a ", 1, " b"]],
  [":parrot::parrot:", [1, 1]],
  [":unknown:parrot:", [":unknown:parrot:"]],
  [":unknown: :parrot:", [":unknown: ", 1]],
  ["at 12:30:45", ["at 12:30:45"]],
  ["(:30:)", ["(", 2, ")"]],
  [":Parrot: :parrot", [":Parrot: :parrot"]],
  ["", [""]],
])("%j has these parts", (text, parts) => {
  expect(pictured(text, KNOWN)).toEqual(parts);
});

test("the server refuses the name of every emoji that is shown here", () => {
  const names = new Set(readFileSync(join(import.meta.dirname, "../../../../src/seriatim/features/emoji/shortcodes.txt"), "utf-8").split("\n").map((line) => line.split(" ")[0]));
  expect(gemoji.flatMap((one) => one.names).filter((name) => !names.has(name))).toEqual([]);
});
