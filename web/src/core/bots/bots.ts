/** What a tab answers about the bots of the server. */

import { done } from "../answer.ts";
import type { Handler } from "../asks.ts";
import type { Desk } from "../desk.ts";
import { naming } from "../places/naming.ts";
import type { Bots, BotToken } from "../protocol/types.ts";
import type { BotName } from "./types.ts";

export type BotHandlers = { readonly [Name in BotName]: Handler<Name> };

/** Return the handlers of one started tab. */
export function bots(desk: Desk): BotHandlers {
  const { http } = desk;
  return {
    bots: async () => {
      const found = await http.ask<Bots>("GET", "/v1/admin/bots");
      if (!found.ok) return found;
      const named = await naming(
        desk,
        found.value.bots.map(({ owner_id }) => owner_id),
      );
      return done(
        found.value.bots.map(({ user_id, name, scopes, owner_id, created_at }) => ({
          user_id,
          name,
          scopes,
          owner: named(owner_id),
          created_at: Date.parse(created_at),
        })),
      );
    },
    make_bot: (wish) => http.ask<BotToken>("POST", "/v1/admin/bots", wish),
    change_bot: async ({ user_id, scopes }) => {
      const answer = await http.ask<unknown>("PATCH", `/v1/admin/bots/${user_id}`, { scopes });
      return answer.ok ? done({}) : answer;
    },
    renew_bot: ({ user_id }) => http.ask<BotToken>("POST", `/v1/admin/bots/${user_id}/token`),
    remove_bot: async ({ user_id }) => {
      const answer = await http.ask<unknown>("DELETE", `/v1/admin/bots/${user_id}`);
      return answer.ok ? done({}) : answer;
    },
  };
}
