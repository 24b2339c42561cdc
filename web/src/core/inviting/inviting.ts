/** What a tab answers to an admin of the server who lets people in. */

import { done } from "../answer.ts";
import type { Handler } from "../asks.ts";
import type { Desk } from "../desk.ts";
import type { Invitation, OneTimeLink } from "../protocol/types.ts";
import type { InvitingName } from "./types.ts";

export type InvitingHandlers = { readonly [Name in InvitingName]: Handler<Name> };

/** Return the handlers of one started tab. */
export function inviting({ http }: Pick<Desk, "http">): InvitingHandlers {
  return {
    invite_to_server: async ({ guest }) => {
      const made = await http.ask<Invitation>("POST", `/v1/admin/invitations?guest=${guest}`);
      if (!made.ok) return made;
      // The part after # never reaches a server, nor what it logs.
      return done({ url: `${location.origin}/#invitation=${made.value.invitation}`, expires_at: Date.parse(made.value.expires_at) });
    },
    mail_invitation: async (wish) => {
      const answer = await http.ask<unknown>("POST", "/v1/admin/invitations/mail", wish);
      return answer.ok ? done({}) : answer;
    },
    reset_link: async ({ user_id }) => {
      const made = await http.ask<OneTimeLink>("POST", `/v1/admin/users/${user_id}/reset-link`);
      return made.ok ? done({ url: made.value.url, expires_at: Date.parse(made.value.expires_at) }) : made;
    },
  };
}
