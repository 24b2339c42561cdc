/** The word before the caret that begins a suggestion: `@name` for people, `:name` for emoji, `/name` for commands. */

export interface Word {
  readonly sign: "@" | ":" | "/";
  readonly text: string;
  /** Where the sign stands. */
  readonly at: number;
}

/** Names have blanks: so many words after an `@` may belong to one. */
const NAME = /(?:^|[\s(>])@(\p{L}[\p{L}\p{N}_.'-]*(?: [\p{L}\p{N}_.'-]+){0,2}|)$/u;
const COMMAND = /^\/([a-z0-9_-]*)$/;
const EMOJI = /(?:^|[\s(>]):([a-z0-9_+-]{2,})$/;

/** Return the word that ends at the caret; null: nothing to suggest. */
export function wordAt(text: string, caret: number): Word | null {
  const before = text.slice(0, caret);
  const command = COMMAND.exec(before);
  if (command?.[1] !== undefined) return { sign: "/", text: command[1], at: 0 };
  const emoji = EMOJI.exec(before);
  if (emoji?.[1] !== undefined) return { sign: ":", text: emoji[1], at: caret - emoji[1].length - 1 };
  const name = NAME.exec(before);
  if (name?.[1] === undefined) return null;
  return { sign: "@", text: name[1], at: caret - name[1].length - 1 };
}
