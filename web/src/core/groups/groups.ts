/** What a tab answers about groups of people. */

import { done, refused } from "../answer.ts";
import type { Handler } from "../asks.ts";
import type { Desk } from "../desk.ts";
import { naming } from "../places/naming.ts";
import type { Group, Groups, Me } from "../protocol/types.ts";
import type { GroupName } from "./types.ts";

export type GroupHandlers = { readonly [Name in GroupName]: Handler<Name> };

/** Return the handlers of one started tab. */
export function groups(desk: Desk): GroupHandlers {
  const { http } = desk;
  return {
    people_groups: async () => {
      const [found, me] = await Promise.all([http.ask<Groups>("GET", "/v1/groups"), http.ask<Me>("GET", "/v1/me")]);
      if (!found.ok) return found;
      return me.ok ? done({ groups: found.value.groups, may_change: me.value.server_admin }) : me;
    },
    people_group: async ({ group_id }) => {
      const found = await http.ask<Groups>("GET", "/v1/groups");
      if (!found.ok) return found;
      const group = found.value.groups.find((one) => one.group_id === group_id);
      if (group === undefined) return refused("not_found", "no such group");
      const named = await naming(desk, group.user_ids);
      return done({ group_id, name: group.name, members: group.user_ids.map(named) });
    },
    make_group: (wish) => http.ask<Group>("POST", "/v1/groups", wish),
    change_group: ({ group_id, ...wish }) => http.ask<Group>("PATCH", `/v1/groups/${group_id}`, wish),
    delete_group: async ({ group_id }) => {
      const answer = await http.ask<unknown>("DELETE", `/v1/groups/${group_id}`);
      return answer.ok ? done({}) : answer;
    },
  };
}
