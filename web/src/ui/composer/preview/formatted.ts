/** Whether a text has what may be drawn differently from how it was typed. */

const SIGNS = /[*_~`|]|^\s{0,3}(?:>|#{1,6}\s|[-+]\s|\d+[.)]\s)/m;

export function formatted(text: string): boolean {
  return SIGNS.test(text);
}
