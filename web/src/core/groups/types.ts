/** What a page asks about groups of people to look at them and to change them. Types only. */

import type { Person } from "../port.ts";
import type { ChangeGroup, Group, NewGroup } from "../protocol/types.ts";

export type { Group } from "../protocol/types.ts";

interface Which {
  readonly group_id: Group["group_id"];
}

/** A group with what its members are called, as it is now. */
export interface GroupPeople extends Which {
  readonly name: string;
  readonly members: readonly Person[];
}

export interface GroupAsks {
  /** In the order of their names; `may_change`: this user is an admin of the server. */
  people_groups: [Record<never, never>, { readonly groups: readonly Group[]; readonly may_change: boolean }];
  people_group: [Which, GroupPeople];
  make_group: [NewGroup, Group];
  change_group: [Which & ChangeGroup, Group];
  delete_group: [Which, Record<never, never>];
}

export type GroupName = keyof GroupAsks;
