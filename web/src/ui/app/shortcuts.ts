/** The keys that work everywhere: F6 between regions, Alt+arrows between conversations, Control with a key for what lies above the page. */

/** What lies above the page and is loaded when it is asked for. */
export type LayerName = "create" | "settings" | "switcher" | "shortcuts";

export interface Moves {
  region(step: 1 | -1): void;
  conversation(step: 1 | -1, unread: boolean): void;
  layer(name: LayerName): void;
}

const LAYERS: Readonly<Record<string, LayerName>> = { k: "switcher", ",": "settings", "/": "shortcuts" };

/** Do what the key means; false: the key is not ours. */
export function act(event: KeyboardEvent, moves: Moves): boolean {
  const { key, altKey } = event;
  const control = event.ctrlKey || event.metaKey;
  const layer = LAYERS[key];
  if (key === "F6") moves.region(event.shiftKey ? -1 : 1);
  else if (altKey && !control && (key === "ArrowUp" || key === "ArrowDown")) moves.conversation(key === "ArrowDown" ? 1 : -1, event.shiftKey);
  else if (control && !altKey && layer !== undefined) moves.layer(layer);
  else return false;
  return true;
}
