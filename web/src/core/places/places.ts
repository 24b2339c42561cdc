/** What a tab answers about people and places, all of it over HTTP: loaded when something of it is first asked for. */

import { done } from "../answer.ts";
import type { Desk } from "../desk.ts";
import { nextClientId } from "../outbox/order.ts";
import type { Answer } from "../port.ts";
import type {
  Audit, Bans, Blocks, ConversationId, ConversationInvitation, ConversationInvitations, IncomingWebhookAddress, InvitationPreview, JoinRequests, Me,
  NewInvitation, OutgoingWebhookSecret, Reports, Sent, Silences, Slashed, SlashCommands, Webhooks,
} from "../protocol/types.ts";
import { rowOf } from "../sync/rows.ts";
import { naming } from "./naming.ts";
import { everything } from "./pages.ts";
import type { PlaceAsks, PlaceName, ReportRow } from "./types.ts";

type Handler<Name extends PlaceName> = (input: PlaceAsks[Name][0]) => Promise<Answer<PlaceAsks[Name][1]>>;
export type PlaceHandlers = { readonly [Name in PlaceName]: Handler<Name> };

const AUDIT_PAGES = 4;

/** Return the handlers of one started tab. */
export function places(desk: Desk): PlaceHandlers {
  const { http, mirror } = desk;

  async function tell(method: "POST" | "PUT" | "DELETE", path: string, body: unknown = null): Promise<Answer<Record<never, never>>> {
    const answer = await http.ask<unknown>(method, path, body);
    return answer.ok ? done({}) : answer;
  }

  const key = (): string => nextClientId(Date.now(), mirror.lastKey());

  return {
    make_invitation: async ({ conversation_id: id, life_s, most_uses }) => {
      const made = await http.ask<ConversationInvitation>("POST", `${at(id)}/invitations`, { life_s, most_uses } satisfies NewInvitation);
      return made.ok ? done({ token: made.value.token ?? "" }) : made;
    },
    invitations: async ({ conversation_id: id }) => {
      const found = await http.ask<ConversationInvitations>("GET", `${at(id)}/invitations`);
      if (!found.ok) return found;
      const named = await naming(desk, found.value.invitations.map(({ created_by }) => created_by));
      return done(
        found.value.invitations.map(({ invitation_id, role, created_by, expires_at, use_count, most_uses = null }) => ({
          invitation_id, role, by: named(created_by), expires_at: Date.parse(expires_at), use_count, most_uses,
        })),
      );
    },
    revoke_invitation: ({ conversation_id: id, invitation_id }) => tell("DELETE", `${at(id)}/invitations/${invitation_id}`),
    preview_invitation: ({ token }) => http.ask<InvitationPreview>("GET", `/v1/invitations/${encodeURIComponent(token)}`),
    follow_invitation: async ({ token }) => {
      const sent = await http.ask<Sent>("POST", `/v1/invitations/${encodeURIComponent(token)}`, { client_id: key() });
      return sent.ok ? done({ conversation_id: sent.value.conversation_id }) : sent;
    },
    ask_to_join: ({ conversation_id: id, words }) => tell("POST", `${at(id)}/join-requests`, { words }),
    join_requests: ({ conversation_id: id }) =>
      everything(http, `${at(id)}/join-requests`, ({ requests }: JoinRequests) => requests.map(({ user_id, name, words }) => ({ user_id, name, words }))),
    refuse_request: ({ conversation_id: id, user_id }) => tell("DELETE", `${at(id)}/join-requests/${user_id}`),

    silence: ({ conversation_id: id, user_id, until }) =>
      until === null
        ? tell("DELETE", `${at(id)}/silences/${user_id}`)
        : tell("PUT", `${at(id)}/silences/${user_id}`, { until: new Date(until).toISOString() }),
    silences: async ({ conversation_id: id }) => {
      const found = await http.ask<Silences>("GET", `${at(id)}/silences`);
      return found.ok ? done(found.value.silences.map((one) => ({ ...one, until: Date.parse(one.until) }))) : found;
    },
    unban: ({ conversation_id: id, user_id }) => tell("DELETE", `${at(id)}/bans/${user_id}`),
    bans: async ({ conversation_id: id }) => {
      const found = await everything(http, `${at(id)}/bans`, ({ bans }: Bans) => bans);
      if (!found.ok) return found;
      const named = await naming(desk, found.value.map(({ banned_by }) => banned_by));
      return done(
        found.value.map(({ user_id, name, banned_by, created_at }) => ({ user_id, name, by: named(banned_by), created_at: Date.parse(created_at) })),
      );
    },
    block: ({ user_id }) => tell("PUT", `/v1/blocks/${user_id}`),
    unblock: ({ user_id }) => tell("DELETE", `/v1/blocks/${user_id}`),
    blocks: async () => {
      const found = await http.ask<Blocks>("GET", "/v1/blocks");
      return found.ok ? done(found.value.users.map(({ user_id, name }) => ({ user_id, name }))) : found;
    },
    report: ({ conversation_id: id, seq, words }) => tell("POST", `${at(id)}/reports`, { seq, words }),
    reports: async ({ conversation_id: id }) => {
      const found = await everything(http, id === null ? "/v1/admin/reports" : `${at(id)}/reports`, ({ reports }: Reports) => reports);
      if (!found.ok) return found;
      const named = await naming(desk, found.value.flatMap(({ reporter_id, taken_by, entry }) => [reporter_id, taken_by, entry?.sender_id]));
      return done(
        found.value.map(({ report_id, conversation_id, seq, reporter_id, words, created_at, taken_by, entry }): ReportRow => {
          const row = entry == null ? null : rowOf(entry);
          return {
            report_id, conversation_id, seq, reporter: named(reporter_id), words, created_at: Date.parse(created_at),
            taken_by: taken_by == null ? null : named(taken_by),
            row: row?.kind === "message" ? row : null,
            author: entry == null ? null : named(entry.sender_id),
          };
        }),
      );
    },
    take_report: ({ report_id }) => tell("POST", `/v1/reports/${report_id}/take`),
    resolve_report: ({ report_id, resolution }) => tell("POST", `/v1/reports/${report_id}/resolve`, { resolution }),
    audit: async ({ conversation_id: id }) => {
      const found = await everything(http, id === null ? "/v1/admin/audit" : `${at(id)}/audit`, ({ acts }: Audit) => acts, AUDIT_PAGES);
      if (!found.ok) return found;
      const named = await naming(desk, found.value.flatMap(({ actor_id, user_id }) => [actor_id, user_id]));
      return done(
        found.value.map(({ audit_id, at: when, actor_id, act, conversation_id = null, user_id, details = {} }) => ({
          audit_id, at: Date.parse(when), actor: named(actor_id), act, conversation_id, whom: user_id == null ? null : named(user_id), details,
        })),
      );
    },
    my_rights: async () => {
      const me = await http.ask<Me>("GET", "/v1/me");
      return me.ok ? done({ server_admin: me.value.server_admin, guest: me.value.guest }) : me;
    },

    slash_commands: async ({ conversation_id: id }) => {
      const found = await http.ask<SlashCommands>("GET", `${at(id)}/slash-commands`);
      return found.ok ? done(found.value.commands.map(({ name, description, usage }) => ({ name, description, usage }))) : found;
    },
    slash: async ({ conversation_id: id, name, text }) => {
      const said = await http.ask<Slashed>("POST", `${at(id)}/slash`, { client_id: key(), name, text });
      return said.ok ? done({ text: said.value.text ?? "" }) : said;
    },

    webhooks: async ({ conversation_id: id }) => {
      const found = await http.ask<Webhooks>("GET", `${at(id)}/webhooks`);
      if (!found.ok) return found;
      const { incoming, outgoing } = found.value;
      const named = await naming(desk, [...incoming, ...outgoing].map(({ created_by }) => created_by));
      return done([
        ...incoming.map(({ webhook_id, name, created_by }) => ({ webhook_id, name, by: named(created_by), url: null, disabled_for: null })),
        ...outgoing.map(({ webhook_id, name, created_by, url, disabled_for = null }) => ({ webhook_id, name, by: named(created_by), url, disabled_for })),
      ]);
    },
    make_webhook: async ({ conversation_id: id, name, url }) => {
      if (url === null) {
        const made = await http.ask<IncomingWebhookAddress>("POST", `${at(id)}/webhooks/incoming`, { name });
        return made.ok ? done({ secret: made.value.path }) : made;
      }
      const made = await http.ask<OutgoingWebhookSecret>("POST", `${at(id)}/webhooks/outgoing`, { name, url });
      return made.ok ? done({ secret: made.value.secret }) : made;
    },
    enable_webhook: ({ conversation_id: id, webhook_id }) => tell("POST", `${at(id)}/webhooks/${webhook_id}/enable`),
    remove_webhook: ({ conversation_id: id, webhook_id }) => tell("DELETE", `${at(id)}/webhooks/${webhook_id}`),
  };
}

function at(id: ConversationId): string {
  return `/v1/conversations/${id}`;
}
