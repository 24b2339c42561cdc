/** What a tab answers from the server's lists, and what it tells the server over HTTP: loaded when it is first asked for. */

import { done } from "./answer.ts";
import type { Desk } from "./desk.ts";
import type { Answer, ConversationId, FoundChannel, MemberRow, MessageRow, Person, PeopleGroup, Reactor, Version, Voter } from "./port.ts";
import type { Conversations, Device, Groups, Members, NewReminder, Pins, Reactors, UserId, Users, Versions, Voters } from "./protocol/types.ts";
import { everything, type Paged } from "./places/pages.ts";
import { renamed } from "./profile/profile.ts";
import { rowOf } from "./sync/rows.ts";
import { lex } from "./text/lex.ts";
import type { Handler } from "./asks.ts";

/** As many people are asked for at once, and in all to find the bots among members. */
const TOGETHER = 100;
const MOST_ASKED = 500;

type ListName =
  | "members" | "search_users" | "search_channels" | "devices" | "rename_device" | "revoke_device" | "reactors" | "preview" | "versions" | "voters" | "pins" | "groups"
  | "save_message" | "remind";
export type ListHandlers = { readonly [Name in ListName]: Handler<Name> };

/** Return the handlers of one started tab. */
export function lists(desk: Desk): ListHandlers {
  const { http } = desk;

  const all = <Page extends Paged, Item>(path: string, items: (page: Page) => readonly Item[]): Promise<Answer<Item[]>> => everything(http, path, items);

  async function tell(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body: unknown = null): Promise<Answer<Record<never, never>>> {
    const answer = await http.ask<unknown>(method, path, body);
    return answer.ok ? done({}) : answer;
  }

  return {
    members: async ({ conversation_id: id }) => {
      const found = await all<Members, MemberRow>(`/v1/conversations/${id}/members`, ({ members }) => members.map(({ user_id, name, role }) => ({ user_id, name, role })));
      if (!found.ok) return found;
      await desk.write(() => renamed(desk, found.value));
      const bots = await botsAmong(desk, found.value);
      return done(found.value.map((member) => (bots.has(member.user_id) ? { ...member, bot: true } : member)));
    },
    search_users: async ({ name }) => {
      if (name.trim() === "") return done([]);
      const found = await http.ask<Users>("GET", `/v1/users?name=${encodeURIComponent(name.trim())}`);
      return found.ok ? done(found.value.users.map(({ user_id, name: known }): Person => ({ user_id, name: known }))) : found;
    },
    search_channels: async ({ name }) => {
      const found = await http.ask<Conversations>("GET", `/v1/channels?word=${encodeURIComponent(name.trim())}`);
      return found.ok ? done(found.value.conversations.map(channel)) : found;
    },
    devices: async () => {
      const found = await http.ask<readonly Device[]>("GET", "/v1/devices");
      if (!found.ok) return found;
      return done(found.value.map((one) => ({ ...one, created_at: Date.parse(one.created_at), last_seen_at: Date.parse(one.last_seen_at) })));
    },
    rename_device: ({ device_id, name }) => tell("PATCH", `/v1/devices/${device_id}`, { name }),
    revoke_device: ({ device_id }) => tell("DELETE", `/v1/devices/${device_id}`),
    reactors: ({ conversation_id, seq }) =>
      all<Reactors, Reactor>(`${entry(conversation_id, seq)}/reactions`, ({ reactors }) => reactors.map(({ emoji, user_id, name }) => ({ emoji, user_id, name }))),
    preview: ({ body }) => Promise.resolve(done(lex(body))),
    versions: ({ conversation_id, seq }) =>
      all<Versions, Version>(`${entry(conversation_id, seq)}/versions`, ({ versions }) =>
        versions.map(({ body, created_at }) => ({ body, tokens: lex(body), created_at: Date.parse(created_at) })),
      ),
    voters: ({ conversation_id, seq }) =>
      all<Voters, Voter>(`${entry(conversation_id, seq)}/votes`, ({ voters }) => voters.map(({ user_id, name, options }) => ({ user_id, name, options }))),
    pins: ({ conversation_id: id }) =>
      all<Pins, MessageRow>(`/v1/conversations/${id}/pins`, ({ entries }) => entries.map(rowOf).filter((row) => row.kind === "message")),
    groups: async () => {
      const found = await http.ask<Groups>("GET", "/v1/groups");
      return found.ok ? done(found.value.groups.map(({ name, user_ids }): PeopleGroup => ({ name, user_ids }))) : found;
    },
    save_message: ({ conversation_id, seq }) => tell("PUT", `/v1/me/saved/${conversation_id}/${seq}`),
    remind: ({ conversation_id, seq, at }) =>
      tell("POST", "/v1/me/reminders", { conversation_id, seq, remind_at: new Date(at).toISOString() } satisfies NewReminder),
  };
}

/** Return who of these is a program; of many members those are told whom this device knows. */
async function botsAmong({ http, mirror }: Desk, members: readonly MemberRow[]): Promise<ReadonlySet<UserId>> {
  const bots = new Set(members.map(({ user_id }) => user_id).filter((id) => mirror.people.get(id)?.bot === true));
  const unknown = members.map(({ user_id }) => user_id).filter((id) => !mirror.people.has(id));
  for (let at = 0; at < Math.min(unknown.length, MOST_ASKED); at += TOGETHER) {
    const found = await http.usersById(unknown.slice(at, at + TOGETHER));
    if (found.ok) for (const { user_id, bot } of found.value.users) if (bot === true) bots.add(user_id);
  }
  return bots;
}

function entry(id: ConversationId, seq: number): string {
  return `/v1/conversations/${id}/entries/${seq}`;
}

function channel({ conversation_id, title, topic, member_count, visibility, role }: Conversations["conversations"][number]): FoundChannel {
  return { conversation_id, title: title ?? "", topic: topic ?? null, member_count, open: visibility === "public", joined: role != null };
}
