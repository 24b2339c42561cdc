/** Where the server's own emoji stand in a text: `:name:`, but not inside of a word or a time of day. */

const NAME = /(?<![\p{L}\p{N}]):([a-z0-9_+-]{2,32}):/gu;

/** Return the text in parts: strings, and the emoji that are known, in order. */
export function pictured<Emoji>(text: string, known: ReadonlyMap<string, Emoji>): readonly (string | Emoji)[] {
  if (!text.includes(":")) return [text];
  const parts: (string | Emoji)[] = [];
  let from = 0;
  NAME.lastIndex = 0;
  for (let found = NAME.exec(text); found !== null; found = NAME.exec(text)) {
    const emoji = known.get(found[1] ?? "");
    if (emoji === undefined) {
      NAME.lastIndex = found.index + 1; // its second colon may be the first of another one
      continue;
    }
    if (found.index > from) parts.push(text.slice(from, found.index));
    parts.push(emoji);
    from = NAME.lastIndex;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}
