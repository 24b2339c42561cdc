/** Every pair of text and ground that the page uses can be read, light and dark: computed from tokens.css itself. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hueOf } from "../kit/initials.ts";

type Colour = readonly [lightness: number, chroma: number, hue: number];
const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const number = String.raw`(-?[\d.]+)`;
const oklch = String.raw`oklch\(${number} ${number} ${number}\)`;

const TEXTS = ["text-1", "text-2", "text-3", "accent", "danger", "success", "warning"];
const GROUNDS = ["surface-0", "surface-1", "surface-2"];
const PAIRS = [
  ...TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground])),
  ["text-1", "surface-3"],
  ["text-1", "accent-ground"],
  ["text-2", "accent-ground"],
  ["text-3", "accent-ground"],
  ["danger", "accent-ground"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["on-accent", "danger"],
  ["danger", "danger-ground"],
  ["text-1", "warning-ground"],
] as const;

function token(name: string, scheme: 0 | 1): Colour {
  const found = new RegExp(String.raw`--${name}: light-dark\(${oklch}, ${oklch}\)`).exec(css);
  if (found === null) throw new Error(`no token ${name}`);
  const [lightness, chroma, hue] = found.slice(1 + scheme * 3, 4 + scheme * 3).map(Number);
  return [lightness ?? 0, chroma ?? 0, hue ?? 0];
}

const clip = (value: number) => Math.min(1, Math.max(0, value));

/** Relative luminance of WCAG 2.2; the matrices are Björn Ottosson's (OKLab, 2020). */
function luminance([lightness, chroma, hue]: Colour): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Colour, other: Colour): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("%s", (_name, scheme) => {
  it.each(PAIRS)("%s on %s is at least 4.5 : 1", (text, ground) => {
    expect(contrast(token(text, scheme), token(ground, scheme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(GROUNDS)("the border of a control on %s is at least 3 : 1", (ground) => {
    expect(contrast(token("control-border", scheme), token(ground, scheme))).toBeGreaterThanOrEqual(3);
  });
});

it("has initials that can be read on each of the twelve hues", () => {
  for (let id = 0; id < 12; id += 1) {
    expect(contrast([0.99, 0.01, hueOf(id)], [0.5, 0.11, hueOf(id)])).toBeGreaterThanOrEqual(5.3);
  }
});
