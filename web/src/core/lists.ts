/** What a tab answers from the server's lists, and what it tells the server over HTTP: loaded when it is first asked for. */

import { done } from "./answer.ts";
import type { Desk } from "./desk.ts";
import type { Answer, ConversationId, FoundChannel, MemberRow, MessageRow, Person, PeopleGroup, Reactor, Version, Voter } from "./port.ts";
import type { Conversations, Device, Groups, Members, NewReminder, Pins, Reactors, Users, Versions, Voters } from "./protocol/types.ts";
import { rowOf } from "./sync/rows.ts";
import { lex } from "./text/lex.ts";
import type { Handlers, ListName } from "./asks.ts";

/** Most pages of one list. */
const PAGES = 50;

interface Paged {
  readonly cursor?: string | null;
}

/** Return the handlers of one started tab. */
export function lists(desk: Desk): Pick<Handlers, ListName> {
  const { http } = desk;

  /** Ask for all pages of a list. */
  async function all<Page extends Paged, Item>(path: string, items: (page: Page) => readonly Item[]): Promise<Answer<Item[]>> {
    const found: Item[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < PAGES; page += 1) {
      const answer: Answer<Page> = await http.ask<Page>("GET", cursor === null ? path : `${path}?cursor=${encodeURIComponent(cursor)}`);
      if (!answer.ok) return answer;
      found.push(...items(answer.value));
      cursor = answer.value.cursor ?? null;
      if (cursor === null) break;
    }
    return done(found);
  }

  async function tell(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body: unknown = null): Promise<Answer<Record<never, never>>> {
    const answer = await http.ask<unknown>(method, path, body);
    return answer.ok ? done({}) : answer;
  }

  return {
    members: ({ conversation_id: id }) =>
      all<Members, MemberRow>(`/v1/conversations/${id}/members`, ({ members }) => members.map(({ user_id, name, role }) => ({ user_id, name, role }))),
    search_users: async ({ name }) => {
      if (name.trim() === "") return done([]);
      const found = await http.ask<Users>("GET", `/v1/users?name=${encodeURIComponent(name.trim())}`);
      return found.ok ? done(found.value.users.map(({ user_id, name: known }): Person => ({ user_id, name: known }))) : found;
    },
    search_channels: async ({ name }) => {
      const found = await http.ask<Conversations>("GET", `/v1/channels?name=${encodeURIComponent(name.trim())}`);
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

function entry(id: ConversationId, seq: number): string {
  return `/v1/conversations/${id}/entries/${seq}`;
}

function channel({ conversation_id, title, topic, member_count, role }: Conversations["conversations"][number]): FoundChannel {
  return { conversation_id, title: title ?? "", topic: topic ?? null, member_count, joined: role != null };
}
