/** Which conversation the address names: `#/c/17`, so that Back works and a reload stays. */

import type { ConversationId } from "../../core/port.ts";

export function routeOf(hash: string): ConversationId | null {
  const found = /^#\/c\/([1-9]\d{0,15})$/.exec(hash);
  return found === null ? null : (Number(found[1]) as ConversationId);
}

export function hashOf(conversation_id: ConversationId | null): string {
  return conversation_id === null ? "#/" : `#/c/${conversation_id}`;
}

export function goTo(conversation_id: ConversationId | null): void {
  location.hash = hashOf(conversation_id);
}
