/** What an avatar without a picture shows: one or two letters of the name, on one of twelve hues by the id. */

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const [first, last] = [words[0], words.length > 1 ? words[words.length - 1] : undefined];
  if (first === undefined) return firstLetter(name);
  return firstLetter(first) + (last === undefined ? "" : firstLetter(last));
}

export function hueOf(id: number): number {
  return (Math.abs(id) % 12) * 30 + 10;
}

function firstLetter(word: string): string {
  for (const { segment } of graphemes.segment(word)) return segment.toLocaleUpperCase();
  return "";
}
