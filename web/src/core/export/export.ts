/** What a tab answers about taking data along. */

import { OFFLINE, done, refusalOf } from "../answer.ts";
import type { Handler } from "../asks.ts";
import type { Desk } from "../desk.ts";
import type { Export, Problem } from "../protocol/types.ts";
import type { ExportName } from "./types.ts";

export type ExportHandlers = { readonly [Name in ExportName]: Handler<Name> };

/** A long conversation takes its time: its pages wait for their rate. */
const WHOLE_WITHIN_MS = 600_000;

/** Return the handlers of one started tab. */
export function exporting({ http }: Desk): ExportHandlers {
  return {
    ask_export: () => http.ask<Export>("POST", "/v1/me/export"),
    export: () => http.ask<Export>("GET", "/v1/me/export"),
    export_conversation: async ({ conversation_id }) => {
      const token = await http.token();
      if (!token.ok) return token;
      try {
        const response = await fetch(`/v1/conversations/${conversation_id}/export?format=html`, {
          headers: { Authorization: `Bearer ${token.value}`, "X-Seriatim-Client": "web" },
          cache: "no-store",
          signal: AbortSignal.timeout(WHOLE_WITHIN_MS),
        });
        if (response.ok) return done(await response.blob());
        return { ok: false, error: refusalOf((await response.json()) as Problem) };
      } catch {
        return OFFLINE;
      }
    },
  };
}
