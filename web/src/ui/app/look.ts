/** How the page looks and answers on this device: attributes of the root element, which styles and keys go by. */

import { keep, kept } from "../../page/kept.ts";

/**
 * theme: light, dark · size: of all text, in percent · density: compact · motion: none · keys: off, for the single
 * ones · enter: line, where Enter does not send. "" is what holds without a choice.
 */
const LOOKS = ["theme", "size", "density", "motion", "keys", "enter"] as const;
export type Look = (typeof LOOKS)[number];

/** Show what was chosen; before anything is drawn. */
export function showLook(): void {
  for (const name of LOOKS) show(name, kept(name));
}

export function looks(name: Look): string {
  return document.documentElement.dataset[name] ?? "";
}

/** Show it now, and on this device from now on. */
export function choose(name: Look, value: string): void {
  show(name, value);
  keep(name, value);
}

function show(name: Look, value: string): void {
  const root = document.documentElement.dataset;
  if (value === "") delete root[name];
  else root[name] = value;
}
