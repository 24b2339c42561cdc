/** What a tab answers about the present moment, and about who has read: loaded when it is first asked for. */

import { done } from "../answer.ts";
import type { Desk } from "../desk.ts";
import type { Answer, Input, Output } from "../port.ts";
import type { MyPresence, PresenceTold, Receipts, SetPresence } from "../protocol/types.ts";
import type { SignalName } from "./types.ts";

type Handler<Name extends SignalName> = (input: Input<Name>) => Promise<Answer<Output<Name>>>;
export type SignalHandlers = { readonly [Name in SignalName]: Handler<Name> };

/** Return the handlers of one started tab. */
export function signalHandlers(desk: Desk): SignalHandlers {
  const { http } = desk;

  return {
    watch: async ({ conversation_ids, ...watching }) => {
      desk.watching = watching;
      desk.look();
      const known = await desk.ask({ type: "signal", what: { type: "known", user_ids: watching.user_ids, conversation_ids } });
      return known.ok ? done(known.value as PresenceTold) : known;
    },
    typing: async (input) => {
      const told = await desk.ask({ type: "signal", what: { type: "typing", ...input } });
      return told.ok ? done({}) : told;
    },
    receipts: ({ conversation_id, seq }) =>
      http.ask<Receipts>("GET", `/v1/conversations/${conversation_id}/receipts${seq === null ? "" : `?seq=${seq}`}`),
    my_presence: () => http.ask<MyPresence>("GET", "/v1/me/presence"),
    set_presence: async ({ expires_at, ...chosen }) => {
      const until = expires_at === null ? null : new Date(expires_at).toISOString();
      const { state, text } = chosen;
      const wish: Omit<SetPresence, "id" | "type"> = { ...chosen, expires_at: until };
      const answer = await http.ask<unknown>("PUT", "/v1/me/presence", wish);
      if (!answer.ok) return answer;
      // Other devices are told by the server; the tabs of this one are told here.
      desk.signal({ type: "self", what: { change: "presence", state, text, expires_at: until } });
      return done({});
    },
  };
}
