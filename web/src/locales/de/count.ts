/** Numbers in German sentences. */

const plural = new Intl.PluralRules("de");

export const count = new Intl.NumberFormat("de");

/** A number with the form of the noun that goes with it. */
export function many(n: number, one: string, other: string): string {
  return `${count.format(n)} ${plural.select(n) === "one" ? one : other}`;
}
