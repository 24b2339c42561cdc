/** Text to tokens: what people type, what attackers type, and that any text gives tokens at once. */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Token } from "../../src/core/port.ts";
import { lex } from "../../src/core/text/lex.ts";
import { summary } from "../../src/core/text/tokens.ts";
import { linkOf } from "../../src/core/text/links.ts";

const paragraph = (...tokens: Token[]): Token => ({ type: "paragraph", tokens });
const text = (said: string): Token => ({ type: "text", text: said });

test("plain text is one paragraph, and a line break is one", () => {
  expect(lex("hello")).toEqual([paragraph(text("hello"))]);
  expect(lex("one\ntwo")).toEqual([paragraph(text("one"), { type: "break" }, text("two"))]);
});

test("marks become nested tokens", () => {
  expect(lex("**a *b***")).toEqual([paragraph({ type: "strong", tokens: [text("a "), { type: "em", tokens: [text("b")] }] })]);
  expect(lex("~~no~~ `x < y`")).toEqual([paragraph({ type: "del", tokens: [text("no")] }, text(" "), { type: "code", text: "x < y" })]);
  expect(lex("```py\nprint(1)\n```")).toEqual([{ type: "code_block", text: "print(1)", language: "py" }]);
  expect(lex("> said")).toEqual([{ type: "blockquote", tokens: [paragraph(text("said"))] }]);
  expect(lex("2. a\n3. b")).toEqual([{ type: "list", ordered: true, start: 2, items: [[paragraph(text("a"))], [paragraph(text("b"))]] }]);
});

test("HTML is shown as it was typed", () => {
  const said = (token: Token): string => ("tokens" in token ? token.tokens.map(said).join("") : "text" in token ? token.text : "");
  for (const body of ["<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "&lt;b&gt;", "<b>x</b>"]) {
    expect(lex(body).map(said).join("")).toBe(body);
  }
});

test.each([
  "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,hi)", "![x](vbscript:x)", "[x](file:///etc/passwd)", "<javascript:alert(1)>",
  "[x](/relative)", "[x](//host)", "[x](java\nscript:alert(1))",
])("%s is no link", (body) => {
  expect(JSON.stringify(lex(body))).not.toContain('"link"');
});

test("a picture in markdown is a link: nothing is fetched from strangers", () => {
  expect(lex("![cat](https://x.org/cat.png)")).toEqual([paragraph({ type: "link", href: "https://x.org/cat.png", host: "x.org", tokens: [text("cat")] })]);
});

test("the real host stands beside a text that does not say it", () => {
  expect(linkOf("https://x.org/a", "https://x.org/a")?.host).toBe(null);
  expect(linkOf("https://x.org/a", "x.org")?.host).toBe(null);
  expect(linkOf("https://evil.org/", "x.org")?.host).toBe("evil.org");
  expect(linkOf("https://x.org.evil.org/", "https://x.org")?.host).toBe("x.org.evil.org");
  expect(linkOf("https://x.org@evil.org/", "https://x.org")?.host).toBe("evil.org");
  expect(linkOf("https://x.org/", "x.org.evil.org")?.host).toBe("x.org");
  expect(linkOf("mailto:ada@x.org", "ada@x.org")?.host).toBe(null);
  expect(linkOf("mailto:eve@x.org", "ada@x.org")?.host).toBe("eve@x.org");
});

const HREF = /"href":"(?!https?:|mailto:)/;

test("any text gives tokens, always the same, and no link but the allowed ones", () => {
  const pieces = fc.constantFrom("[", "](", ")", "javascript:", "https://x.org", "**", "_", "`", "\n", "> ", "- ", "<b>", "&amp;", "|", "# ", "!", "a", "\u202e", "😀", "\\");
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.array(pieces, { maxLength: 60 }).map((all) => all.join(""))), (body) => {
      const tokens = lex(body);
      expect(lex(body)).toEqual(tokens);
      expect(JSON.stringify(tokens)).not.toMatch(HREF);
      expect(summary(tokens)).not.toMatch(/\n/);
    }),
    { numRuns: 500 },
  );
});

test.each([">", "[", "*", "_", "`", "~", "(", "<", "![", "[](", "> - ", "**a ", "_a ", "<a ", "- ", "a|", "a||", "\\", "&", "http://", "1. ", "\n> ", "\t"])(
  "16 KiB of %j are lexed at once",
  (piece) => {
    const begin = performance.now();
    lex(piece.repeat(Math.floor(16_384 / piece.length)));
    expect(performance.now() - begin).toBeLessThan(4_000); // a square of the length would take minutes
  },
);

test("spoilers hide what stands between two marks, with its own marks in it", () => {
  expect(lex("a ||**b** c|| d")).toEqual([
    {
      type: "paragraph",
      tokens: [
        { type: "text", text: "a " },
        { type: "spoiler", tokens: [{ type: "strong", tokens: [{ type: "text", text: "b" }] }, { type: "text", text: " c" }] },
        { type: "text", text: " d" },
      ],
    },
  ]);
  for (const text of ["a || b", "||||", "a |||", "`||x||`"]) expect(JSON.stringify(lex(text)), text).not.toContain("spoiler");
  expect(summary(lex("the end is ||sad||"))).not.toContain("sad");
});

test("tables keep their cells and where these stand", () => {
  const [table] = lex("| a | b |\n|:-:|--:|\n| **1** | 2 |");
  expect(table).toEqual({
    type: "table",
    align: ["center", "right"],
    header: [[{ type: "text", text: "a" }], [{ type: "text", text: "b" }]],
    rows: [[[{ type: "strong", tokens: [{ type: "text", text: "1" }] }], [{ type: "text", text: "2" }]]],
  });
});
