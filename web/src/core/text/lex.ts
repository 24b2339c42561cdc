/** A message's text to tokens: markdown as people type it, HTML and everything unknown as plain text. */

import { Lexer, type MarkedToken, type Token as Marked, type Tokens } from "marked";
import { linkOf } from "./links.ts";
import type { Cells, Token } from "./tokens.ts";

/** Deeper nesting than anybody writes is shown as it was typed. */
const DEPTH = 8;
/** Text that would cost the lexer more than it is worth: long runs of what opens something. */
const COSTLY = /[>*_~`[\]()#|<!\\-]{200}|(?:^|\n)(?:[>\s]*>){20}/;

/** Return the tokens of a message; any text gives some, and always the same. */
export function lex(body: string): readonly Token[] {
  if (COSTLY.test(body)) return plain(body);
  try {
    return blocks(new Lexer({ gfm: true, breaks: true }).lex(body), 0);
  } catch {
    return plain(body);
  }
}

/** Return text as it was typed. */
export function plain(body: string): readonly Token[] {
  if (body === "") return [];
  const lines = body.split("\n");
  const tokens = lines.flatMap((text, at): Token[] => (at === 0 ? [{ type: "text", text }] : [{ type: "break" }, { type: "text", text }]));
  return [{ type: "paragraph", tokens }];
}

function blocks(tokens: readonly Marked[], depth: number): readonly Token[] {
  return (tokens as readonly MarkedToken[]).flatMap((token) => block(token, depth));
}

function block(token: MarkedToken, depth: number): readonly Token[] {
  if (depth > DEPTH) return plain(token.raw);
  switch (token.type) {
    case "space":
    case "def":
      return token.type === "def" ? plain(token.raw.trimEnd()) : [];
    case "paragraph":
      return [{ type: "paragraph", tokens: inline(token.tokens ?? [], depth + 1) }];
    case "text":
      return [{ type: "paragraph", tokens: inline(token.tokens ?? [token], depth + 1) }];
    case "heading":
      return [{ type: "heading", level: token.depth, tokens: inline(token.tokens ?? [], depth + 1) }];
    case "code":
      return [{ type: "code_block", text: token.text, language: /^[\w+#.-]{1,32}/.exec(token.lang ?? "")?.[0] ?? null }];
    case "blockquote":
      return [{ type: "blockquote", tokens: blocks(token.tokens ?? [], depth + 1) }];
    case "list":
      return [list(token, depth)];
    case "hr":
      return [{ type: "rule" }];
    case "table":
      return [table(token, depth)];
    default:
      return plain(token.raw.trimEnd());
  }
}

function list(token: Tokens.List, depth: number): Token {
  const items = token.items.map((item) => blocks(item.tokens, depth + 1));
  return { type: "list", ordered: token.ordered, start: token.start === "" ? 1 : token.start, items };
}

function table({ align, header, rows }: Tokens.Table, depth: number): Token {
  const cells = (row: Tokens.TableCell[]): Cells => row.map((cell) => inline(cell.tokens, depth + 1));
  return { type: "table", align, header: cells(header), rows: rows.map(cells) };
}

function inline(tokens: readonly Marked[], depth: number): readonly Token[] {
  return spoilers((tokens as readonly MarkedToken[]).flatMap((token) => (token.type === "text" && token.tokens === undefined ? marked(token.text) : part(token, depth))));
}

/** Text between two of these marks is a spoiler; a mark without another one is text. */
const MARK = "||";
const AT_MARK: Token = { type: "text", text: MARK };

function marked(text: string): Token[] {
  return text.split(/(\|\|)/).flatMap((piece): Token[] => (piece === "" ? [] : [piece === MARK ? AT_MARK : { type: "text", text: piece }]));
}

function spoilers(tokens: readonly Token[]): readonly Token[] {
  const first = tokens.indexOf(AT_MARK);
  const second = tokens.indexOf(AT_MARK, first + 1);
  if (first === -1 || second === -1) return joined(tokens);
  const hidden = joined(tokens.slice(first + 1, second));
  const spoiler: readonly Token[] = hidden.length === 0 ? [AT_MARK, AT_MARK] : [{ type: "spoiler", tokens: hidden }];
  return [...joined(tokens.slice(0, first)), ...spoiler, ...spoilers(tokens.slice(second + 1))];
}

/** Marks that stand for themselves become one with the text beside them. */
function joined(tokens: readonly Token[]): readonly Token[] {
  const found: Token[] = [];
  for (const token of tokens) {
    const last = found.at(-1);
    if (token.type === "text" && last?.type === "text") found[found.length - 1] = { type: "text", text: last.text + token.text };
    else found.push(token);
  }
  return found;
}

function part(token: MarkedToken, depth: number): readonly Token[] {
  if (depth > DEPTH) return [{ type: "text", text: token.raw }];
  switch (token.type) {
    case "text":
      return token.tokens === undefined ? [{ type: "text", text: token.text }] : inline(token.tokens, depth);
    case "escape":
      return [{ type: "text", text: token.text }];
    case "br":
      return [{ type: "break" }];
    case "codespan":
      return [{ type: "code", text: token.text }];
    case "strong":
    case "em":
    case "del":
      return [{ type: token.type, tokens: inline(token.tokens ?? [], depth + 1) }];
    case "link":
    case "image":
      return linked(token, depth);
    default:
      return [{ type: "text", text: token.raw }];
  }
}

function linked(token: Tokens.Link | Tokens.Image, depth: number): readonly Token[] {
  const link = linkOf(token.href, token.text);
  if (link === null) return [{ type: "text", text: token.raw }];
  const inside = token.type === "link" ? inline(token.tokens ?? [], depth + 1) : [];
  return [{ type: "link", ...link, tokens: inside.length > 0 ? inside : [{ type: "text", text: token.text || token.href }] }];
}
