/** Marks go around what is selected, and away again. */

import { expect, test } from "vitest";
import { marked, markOf } from "./format.ts";

/** `[` and `]` stand at the ends of the selection. */
function press(shown: string, mark: string): string {
  const from = shown.indexOf("[");
  const to = shown.indexOf("]") - 1;
  const after = marked({ text: shown.replace(/[[\]]/g, ""), from, to }, mark);
  return `${after.text.slice(0, after.from)}[${after.text.slice(after.from, after.to)}]${after.text.slice(after.to)}`;
}

test.each([
  ["a [word] b", "**", "a **[word]** b"],
  ["a **[word]** b", "**", "a [word] b"],
  ["a [ word ]b", "*", "a  *[word]* b"],
  ["**[word]**", "*", "***[word]***"],
  ["***[word]***", "*", "**[word]**"],
  ["***[word]***", "**", "*[word]*"],
  ["[]", "`", "`[]`"],
  ["`[]`", "`", "[]"],
  ["[x]", "~~", "~~[x]~~"],
])("%s with %s", (shown, mark, expected) => {
  expect(press(shown, mark)).toBe(expected);
  expect(press(press(shown, mark), mark).replace(/[[\]]/g, "").trim()).toBe(shown.replace(/[[\]]/g, "").trim());
});

function key(more: object): string | null {
  return markOf({ key: "b", ctrlKey: false, metaKey: false, altKey: false, ...more } as KeyboardEvent);
}

test("only with Control, and not with AltGr", () => {
  expect([key({}), key({ ctrlKey: true }), key({ metaKey: true }), key({ ctrlKey: true, altKey: true })]).toEqual([null, "**", "**", null]);
});
