/** How many bytes of UTF-8 a message may still take. */

export const BODY_BYTES = 16 * 1024;
const SHOWN_BELOW = 1_024;
const encoder = new TextEncoder();

/** Bytes left when it is worth showing (negative: too many); null: far from the limit. */
export function bytesLeft(text: string): number | null {
  if (text.length * 3 < BODY_BYTES - SHOWN_BELOW) return null;
  const left = BODY_BYTES - encoder.encode(text).length;
  return left < SHOWN_BELOW ? left : null;
}
