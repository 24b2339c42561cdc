/** What a tab answers about all that is unread: the server looks through every conversation, also those not on this device. */

import { done } from "../answer.ts";
import type { Handler } from "../asks.ts";
import type { Desk } from "../desk.ts";
import type { Unreads } from "../protocol/types.ts";
import { rowOf } from "../sync/rows.ts";
import type { UnreadName } from "./types.ts";

export type UnreadHandlers = { readonly [Name in UnreadName]: Handler<Name> };

const PAGE = 20;

/** Return the handlers of one started tab. */
export function unreads({ http }: Desk): UnreadHandlers {
  return {
    unreads: async ({ cursor }) => {
      const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const found = await http.ask<Unreads>("GET", `/v1/me/unreads?limit=${PAGE}${after}`);
      if (!found.ok) return found;
      return done({
        conversations: found.value.unreads.map(({ conversation_id, head, unread, mentions, entries }) => ({
          conversation_id, head, unread, mentions, rows: entries.map(rowOf).filter((row) => row.kind === "message"),
        })),
        cursor: found.value.cursor ?? null,
      });
    },
  };
}
