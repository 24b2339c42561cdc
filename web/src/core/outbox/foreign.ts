/**
 * Commands that another sign-in of this account left in this browser; pure.
 *
 * A command is transmitted by one device only, the one that its record names: the server knows it by that device's key
 * (guarantee L2), and under another device's it would be stored twice. Whether the other sign-in had transmitted it
 * cannot be known here, so only the user sends it again, in his own words.
 */

import type { Kept } from "../link/actions.ts";
import type { Refusal, Session } from "../port.ts";
import type { Batch, ConversationRecord, OutboxRecord, Settled } from "../store/schema.ts";
import { settledOf } from "../sync/apply.ts";
import { isMessage } from "../sync/rows.ts";

const LEFT_BEHIND: Refusal = {
  code: "conflict",
  reason: "other_sign_in",
  message: "written before this sign-in; it may have been sent",
};

type Records = ReadonlyMap<string, OutboxRecord>;

/** Return what this device's link transmits, in order. */
export function ownOutbox(outbox: Records, { device_id }: Session): readonly Kept[] {
  const own = [...outbox.values()].filter((record) => record.device_id === device_id && record.state !== "failed");
  return own.sort((a, b) => (a.client_id < b.client_id ? -1 : 1)).map(({ command, seq }) => ({ command, seq }));
}

/** Return the keys of what other sign-ins have left. */
export function foreignKeys(outbox: Records, { device_id }: Session): ReadonlySet<string> {
  return new Set([...outbox.values()].filter((record) => record.device_id !== device_id).map(({ client_id }) => client_id));
}

/** Return the batch by which this device takes a command over that nobody has transmitted; null: it is gone or taken. */
export function adopted(record: OutboxRecord | undefined, { device_id }: Session): Batch | null {
  return record?.state === "queued" && record.device_id !== device_id ? { outbox: [{ ...record, device_id }] } : null;
}

/**
 * Return what becomes of the foreign commands once all that was missed has been fetched; null: nothing to change.
 *
 * Those whose entry came have left the outbox by then. The others wait for the user as failed messages.
 */
export function leftBehind(
  foreign: ReadonlySet<string>,
  outbox: Records,
  conversations: ReadonlyMap<number, ConversationRecord>,
): Batch | null {
  const failed: OutboxRecord[] = [];
  const settled: Settled[] = [];
  for (const record of outbox.values()) {
    if (!foreign.has(record.client_id) || !isOpen(record, conversations)) continue;
    if (isMessage(record)) failed.push({ ...record, state: "failed", seq: null, error: LEFT_BEHIND });
    else settled.push(settledOf(record, { type: "refused", error: LEFT_BEHIND }));
  }
  return failed.length + settled.length === 0 ? null : { outbox: failed, settled };
}

/** Not answered, or acked by a log that turned out not to have it. */
function isOpen({ state, seq, conversation_id }: OutboxRecord, conversations: ReadonlyMap<number, ConversationRecord>): boolean {
  if (state !== "sent") return state === "queued";
  const cursor = conversations.get(conversation_id)?.position.cursor ?? null;
  return cursor !== null && cursor < (seq ?? 0);
}
