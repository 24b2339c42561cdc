/** The arrow keys along a line, which go where they point: in some languages the next one stands to the left. */

import { direction } from "../../locales/spoken.ts";

/** 1 to the next, -1 to the one before, 0 for another key. */
export function sideways(key: string): number {
  const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  return direction === "rtl" ? -step : step;
}
