/** What a message's text becomes: a tree that the page draws with components, so that no HTML string ever exists. */

export type Token =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "break" }
  | { readonly type: "code"; readonly text: string }
  /** `spoiler`: not shown until the reader wants it. */
  | { readonly type: "strong" | "em" | "del" | "spoiler"; readonly tokens: readonly Token[] }
  /** `host` is the real one, shown where it is not what the text says; null: it is. */
  | { readonly type: "link"; readonly href: string; readonly host: string | null; readonly tokens: readonly Token[] }
  | { readonly type: "paragraph" | "blockquote"; readonly tokens: readonly Token[] }
  | { readonly type: "heading"; readonly level: number; readonly tokens: readonly Token[] }
  | { readonly type: "code_block"; readonly text: string; readonly language: string | null }
  | { readonly type: "list"; readonly ordered: boolean; readonly start: number; readonly items: readonly (readonly Token[])[] }
  | { readonly type: "table"; readonly align: readonly Align[]; readonly header: Cells; readonly rows: readonly Cells[] }
  | { readonly type: "rule" };

export type Align = "left" | "center" | "right" | null;
export type Cells = readonly (readonly Token[])[];

/** Return one line of text for lists, quotes and announcements: without marks, and without what is hidden. */
export function summary(tokens: readonly Token[]): string {
  return words(tokens).replace(/\s+/g, " ").trim().slice(0, 200);
}

function words(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "spoiler") return "▒▒▒";
      if ("tokens" in token) return words(token.tokens) + (token.type === "paragraph" || token.type === "heading" ? " " : "");
      if (token.type === "list") return token.items.map(words).join(" ");
      if (token.type === "table") return [token.header, ...token.rows].flatMap((row) => row.map(words)).join(" ");
      return "text" in token ? token.text : " ";
    })
    .join("");
}
