/** Numbers in English sentences. */

const plural = new Intl.PluralRules("en");

export const count = new Intl.NumberFormat("en");

/** A number with the form of the noun that goes with it. */
export function many(n: number, one: string, other: string): string {
  return `${count.format(n)} ${plural.select(n) === "one" ? one : other}`;
}
