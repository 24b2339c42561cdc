/** Code to a tree of coloured words: loaded with the grammars when the first block of code is drawn. */

import { common, createLowlight } from "lowlight";

/** A piece of code: what kind of word it is (null: no special one), and its text. */
export interface Piece {
  readonly kind: string | null;
  readonly text: string;
}

/** Longer code is not coloured: it would hold the page up. */
const MOST = 20_000;
const low = createLowlight(common);

type Node = ReturnType<typeof low.highlight>["children"][number];

/** Return the pieces of the code; of a language that is not known it is one piece. */
export function pieces(text: string, language: string): readonly Piece[] {
  if (text.length > MOST || !low.registered(language)) return [{ kind: null, text }];
  return low.highlight(language, text).children.flatMap((node) => flat(node, null));
}

function flat(node: Node, kind: string | null): readonly Piece[] {
  if (node.type === "text") return [{ kind, text: node.value }];
  if (node.type !== "element") return [];
  const [name] = Array.isArray(node.properties["className"]) ? node.properties["className"] : [];
  return node.children.flatMap((child) => flat(child, typeof name === "string" ? name.replace("hljs-", "") : kind));
}
