/** The keys that work everywhere: F6 between regions, Alt+arrows between conversations. */

export interface Moves {
  region(step: 1 | -1): void;
  conversation(step: 1 | -1, unread: boolean): void;
}

/** Do what the key means; false: the key is not ours. */
export function act(event: KeyboardEvent, moves: Moves): boolean {
  if (event.key === "F6") {
    moves.region(event.shiftKey ? -1 : 1);
    return true;
  }
  if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    moves.conversation(event.key === "ArrowDown" ? 1 : -1, event.shiftKey);
    return true;
  }
  return false;
}
