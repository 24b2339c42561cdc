/** Marks around what is selected: bold, italic, struck, code; pressed again they go. */

export interface Selected {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const MARKS: Readonly<Record<string, string>> = { b: "**", i: "*", e: "`", X: "~~" };

/** The mark that a key with Control means; null: none. */
export function markOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): string | null {
  return (ctrlKey || metaKey) && !altKey ? (MARKS[key] ?? null) : null;
}

/** Put the mark around the selection, or where the caret is; blanks at its ends stay outside, where markdown wants them. */
export function marked({ text, from, to }: Selected, mark: string): Selected {
  const inner = text.slice(from, to);
  const start = from + (inner.length - inner.trimStart().length);
  const end = Math.max(start, to - (inner.length - inner.trimEnd().length));
  const { length } = mark;
  if (around(text, start, end, mark)) {
    return { text: text.slice(0, start - length) + text.slice(start, end) + text.slice(end + length), from: start - length, to: end - length };
  }
  return { text: text.slice(0, start) + mark + text.slice(start, end) + mark + text.slice(end), from: start + length, to: end + length };
}

/** One star of two is not a mark of its own, one of three is. */
function around(text: string, start: number, end: number, mark: string): boolean {
  const [sign = ""] = mark;
  const run = (step: -1 | 1, at: number): number => (text[at] === sign ? 1 + run(step, at + step) : 0);
  const least = Math.min(run(-1, start - 1), run(1, end));
  return mark === "*" ? least === 1 || least === 3 : least >= mark.length;
}
