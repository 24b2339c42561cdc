/** What a key means while the message list has the focus. */

import { looks } from "../../app/look.ts";
import { sideways } from "../../app/sideways.ts";

export type Move =
  | { readonly type: "step"; readonly step: 1 | -1 }
  | { readonly type: "screen"; readonly step: 1 | -1 }
  | { readonly type: "edge"; readonly edge: "start" | "end" }
  | { readonly type: "do"; readonly what: "reply" | "thread" | "edit" | "pin" | "forward" | "delete" }
  | { readonly type: "act" }
  | { readonly type: "leave" };

const MOVES: Readonly<Record<string, Move>> = {
  ArrowDown: { type: "step", step: 1 },
  ArrowUp: { type: "step", step: -1 },
  PageDown: { type: "screen", step: 1 },
  PageUp: { type: "screen", step: -1 },
  Home: { type: "edge", edge: "start" },
  End: { type: "edge", edge: "end" },
  r: { type: "do", what: "reply" },
  t: { type: "do", what: "thread" },
  e: { type: "do", what: "edit" },
  p: { type: "do", what: "pin" },
  f: { type: "do", what: "forward" },
  Delete: { type: "do", what: "delete" },
  Enter: { type: "act" },
  Escape: { type: "leave" },
};

/** The move of the list; null: the key is not the list's. The arrows within a row's actions are done here. */
export function keyMove(event: KeyboardEvent, list: HTMLElement | null | undefined): Move | null {
  if (event.altKey || event.ctrlKey || event.metaKey || !(event.target instanceof HTMLElement)) return null;
  const row = event.target.closest<HTMLElement>("article");
  // A menu or a choice of emoji above the row has keys of its own.
  if (row === null || !list || event.target.closest("[popover]") !== null) return null;
  if (event.target === row) {
    const move = MOVES[event.key] ?? null;
    const silent = looks("keys") === "off" || !(getSelection()?.isCollapsed ?? true);
    return move?.type === "do" && silent ? null : move;
  }
  return withinRow(event, row);
}

function withinRow(event: KeyboardEvent, row: HTMLElement): Move | null {
  const actions = actionsOf(row);
  const at = actions.findIndex((action) => action === event.target);
  const step = sideways(event.key);
  if (step !== 0) actions[(at + step + actions.length) % actions.length]?.focus();
  else if (event.key === "Escape") row.focus();
  else return event.key === "ArrowUp" || event.key === "ArrowDown" ? (MOVES[event.key] ?? null) : null;
  event.preventDefault();
  return null;
}

/** Go to the first action of the row that has the focus. */
export function act(row: HTMLElement | null | undefined): void {
  if (row && document.activeElement === row) actionsOf(row)[0]?.focus();
}

/** The actions of the message first, then what stands in it. */
function actionsOf(row: HTMLElement): HTMLElement[] {
  const all = [...row.querySelectorAll<HTMLElement>("a[href], button:enabled")].filter((one) => one.closest("[popover]") === null);
  const bar = row.querySelector("[data-actions]");
  return [...all.filter((one) => bar?.contains(one) === true), ...all.filter((one) => bar?.contains(one) !== true)];
}
