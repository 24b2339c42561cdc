/** What one tab and one browser remember without the worker: this tab's session, known accounts, and the synchronous copy of drafts. */

import type { ConversationId, Draft, Session, UserId } from "../core/port.ts";

const SESSION = "seriatim.session";
const ACCOUNTS = "seriatim.accounts";

/** Return who this tab is; null: a new tab (see `accounts` for whom it may become). */
export function session(): Session | null {
  return parsed<Session>(sessionStorage.getItem(SESSION));
}

/** Remember who this tab is, and that this browser has this account; null: nobody (the account stays known). */
export function remember(who: Session | null): void {
  if (who === null) {
    sessionStorage.removeItem(SESSION);
    return;
  }
  sessionStorage.setItem(SESSION, JSON.stringify(who));
  localStorage.setItem(ACCOUNTS, JSON.stringify([who, ...accounts().filter((one) => one.user_id !== who.user_id)]));
}

/** Return the accounts of this browser, the last used first; each can be resumed by `start` while its cookie lives. */
export function accounts(): readonly Session[] {
  return parsed<readonly Session[]>(localStorage.getItem(ACCOUNTS)) ?? [];
}

/** Forget an account, with the drafts that only this browser holds. */
export function forget(user_id: UserId): void {
  localStorage.setItem(ACCOUNTS, JSON.stringify(accounts().filter((one) => one.user_id !== user_id)));
  for (const key of Object.keys(localStorage)) if (key.startsWith(`seriatim.draft.${user_id}.`)) localStorage.removeItem(key);
  if (session()?.user_id === user_id) remember(null);
}

/** Write the synchronous copy: certain even when the page goes in the middle of a turn. Call on each input event. */
export function keepDraft(user_id: UserId, conversation_id: ConversationId, thread_seq: number, draft: Draft | null): void {
  const key = draftKey(user_id, conversation_id, thread_seq);
  if (draft === null) localStorage.removeItem(key);
  else localStorage.setItem(key, JSON.stringify(draft));
}

/** Return the newer of this browser's synchronous copy and the worker's. */
export function newestDraft(user_id: UserId, conversation_id: ConversationId, thread_seq: number, stored: Draft | null): Draft | null {
  const kept = parsed<Draft>(localStorage.getItem(draftKey(user_id, conversation_id, thread_seq)));
  if (kept === null || stored === null) return kept ?? stored;
  return kept.changed_at >= stored.changed_at ? kept : stored;
}

/** `thread_seq`: the thread that it belongs to; 0: none. */
function draftKey(user_id: UserId, conversation_id: ConversationId, thread_seq: number): string {
  return `seriatim.draft.${user_id}.${conversation_id}${thread_seq === 0 ? "" : `.${thread_seq}`}`;
}

function parsed<Value>(text: string | null): Value | null {
  if (text === null) return null;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return null;
  }
}
