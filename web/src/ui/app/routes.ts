/** Which conversation the address names, and which message of it: `/c/17/4711`, so that Back works, a reload stays and a link can be passed on. */

import type { ConversationId } from "../../core/port.ts";

const ADDRESS = /^\/c\/([1-9]\d{0,15})(?:\/([1-9]\d{0,15}))?$/;

export function routeOf(path: string): ConversationId | null {
  const found = ADDRESS.exec(path);
  return found === null ? null : (Number(found[1]) as ConversationId);
}

/** The message that the address names; null: none. */
export function seqOf(path: string): number | null {
  const seq = ADDRESS.exec(path)?.[2];
  return seq === undefined ? null : Number(seq);
}

/** The token of the invitation that the address is; null: it is none. */
export function tokenOf(path: string): string | null {
  return /^\/join\/([\w-]{16,64})$/.exec(path)?.[1] ?? null;
}

/** A link to a message, to be passed on. */
export function linkTo(conversation_id: ConversationId, seq: number): string {
  return `${location.origin}${pathOf(conversation_id)}/${seq}`;
}

export function pathOf(conversation_id: ConversationId | null): string {
  return conversation_id === null ? "/" : `/c/${conversation_id}`;
}

/** Go there; the shell hears of it as it hears of Back and Forward. */
export function goTo(conversation_id: ConversationId | null, how: "push" | "replace" = "push"): void {
  const path = pathOf(conversation_id);
  if (how === "replace") history.replaceState(null, "", path);
  else if (location.pathname !== path) history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Go to a message, wherever it is. */
export function goToMessage(conversation_id: ConversationId, seq: number): void {
  history.pushState(null, "", `${pathOf(conversation_id)}/${seq}`);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** For links within the page: a plain press stays in it, all others are the browser's. */
export function followHere(event: MouseEvent, conversation_id: ConversationId): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  goTo(conversation_id);
}
