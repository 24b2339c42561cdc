/** What answers the asks that nobody needs who only reads and writes: loaded when one of them is first asked. */

import type { Desk } from "./desk.ts";
import { bots, type BotHandlers } from "./bots/bots.ts";
import { commands, type CommandHandlers } from "./commands.ts";
import { emoji, type EmojiHandlers } from "./emoji/emoji.ts";
import { exporting, type ExportHandlers } from "./export/export.ts";
import { groups, type GroupHandlers } from "./groups/groups.ts";
import { inviting, type InvitingHandlers } from "./inviting/inviting.ts";
import { lists, type ListHandlers } from "./lists.ts";
import { own, type OwnHandlers } from "./own/own.ts";
import { profile, type ProfileHandlers } from "./profile/profile.ts";
import { places, type PlaceHandlers } from "./places/places.ts";
import { signalHandlers, type SignalHandlers } from "./signals/asks.ts";
import { unreads, type UnreadHandlers } from "./unreads/unreads.ts";

export type RestHandlers = CommandHandlers & ListHandlers & OwnHandlers & PlaceHandlers & SignalHandlers & EmojiHandlers & ExportHandlers & UnreadHandlers & ProfileHandlers & GroupHandlers & BotHandlers & InvitingHandlers;

/** Return the handlers of one started tab. */
export function rest(desk: Desk): RestHandlers {
  return { ...commands(desk), ...lists(desk), ...own(desk), ...places(desk), ...signalHandlers(desk), ...emoji(desk), ...exporting(desk), ...unreads(desk), ...profile(desk), ...groups(desk), ...bots(desk), ...inviting(desk) };
}
