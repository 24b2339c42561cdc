/** What a tab answers about the person himself, and the names of others as they are now. */

import { done } from "../answer.ts";
import type { Handler } from "../asks.ts";
import type { Desk } from "../desk.ts";
import type { Answer, Person } from "../port.ts";
import { everything } from "../places/pages.ts";
import type { Followers, MailSettings, Me } from "../protocol/types.ts";
import type { Batch } from "../store/schema.ts";
import type { Names, ProfileName } from "./types.ts";

export type ProfileHandlers = { readonly [Name in ProfileName]: Handler<Name> };

/** As many names are asked for again, and at a time: those of who spoke last and of direct conversations first. */
const MOST = 200;
const TOGETHER = 100;

/** Return the handlers of one started tab. */
export function profile(desk: Desk): ProfileHandlers {
  const { http, mirror } = desk;

  async function took(asked: Promise<Answer<Me>>): Promise<Answer<Names>> {
    const answer = await asked;
    if (!answer.ok) return answer;
    const { user_id, name, sign_in_name } = answer.value;
    await desk.write(() => renamed(desk, [{ user_id, name }]));
    return done({ name, sign_in_name });
  }

  return {
    my_names: () => took(http.ask<Me>("GET", "/v1/me")),
    change_me: (wish) => took(http.ask<Me>("PATCH", "/v1/me", wish)),
    names_now: async () => {
      const records = [...mirror.conversations.values()];
      const near = records.flatMap(({ last, other }) => [last?.sender_id ?? [], other?.user_id ?? []].flat());
      const ids = [...new Set([mirror.session.user_id, ...near, ...mirror.people.keys()])].slice(0, MOST);
      for (let at = 0; at < ids.length; at += TOGETHER) {
        const found = await http.usersById(ids.slice(at, at + TOGETHER));
        if (!found.ok) return found;
        await desk.write(() => renamed(desk, found.value.users));
      }
      return done({});
    },
    followers: ({ conversation_id: id, thread_seq }) =>
      everything(http, `/v1/conversations/${id}/threads/${thread_seq}/followers`, ({ followers }: Followers) =>
        followers.map(({ user_id, name }): Person => ({ user_id, name })),
      ),
    silenced_until: async ({ conversation_id }) => {
      const found = await http.conversation(conversation_id);
      return found.ok ? done({ until: found.value.silenced_until == null ? null : Date.parse(found.value.silenced_until) }) : found;
    },
    mail: () => http.ask<MailSettings>("GET", "/v1/me/mail"),
    set_mail: async (wish) => {
      const answer = await http.ask<unknown>("POST", "/v1/me/mail", wish);
      return answer.ok ? done({}) : answer;
    },
    set_digest: (wish) => http.ask<MailSettings>("PATCH", "/v1/me/mail", wish),
    remove_mail: async () => {
      const answer = await http.ask<unknown>("DELETE", "/v1/me/mail");
      return answer.ok ? done({}) : answer;
    },
  };
}

/** Return what these names change of what is stored. */
export function renamed({ mirror }: Pick<Desk, "mirror">, found: readonly Person[]): Batch {
  const names = new Map(found.map(({ user_id, name }) => [user_id, name]));
  const people = [...names].flatMap(([user_id, name]): readonly Person[] => {
    const known = mirror.people.get(user_id);
    return known === undefined || known.name === name ? [] : [{ ...known, name }];
  });
  const conversations = [...mirror.conversations.values()].flatMap((record) => {
    const name = record.other === null ? undefined : names.get(record.other.user_id);
    return record.other === null || name === undefined || record.other.name === name ? [] : [{ ...record, other: { ...record.other, name } }];
  });
  return { ...(people.length > 0 && { people }), ...(conversations.length > 0 && { conversations }) };
}
