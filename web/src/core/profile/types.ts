/** What a page asks about the person himself, and what others are called: names, mail, who follows a thread. Types only. */

import type { Person } from "../port.ts";
import type { ChangeMe, ConversationId, MailSettings, Me, NewMailAddress, SetDigest } from "../protocol/types.ts";

type Nothing = Record<never, never>;
export type { MailSettings } from "../protocol/types.ts";
export type Names = Pick<Me, "name" | "sign_in_name">;

export interface ProfileAsks {
  my_names: [Nothing, Names];
  change_me: [ChangeMe, Names];
  /** Ask again what people are called: no entry tells it. What has changed comes as `people` and `conversations`. */
  names_now: [Nothing, Nothing];
  /** Who follows the thread of this message. */
  followers: [{ conversation_id: ConversationId; thread_seq: number }, readonly Person[]];
  /** Until when one only reads in this conversation, in ms since 1970; null: one may speak, or is not told. */
  silenced_until: [{ conversation_id: ConversationId }, { readonly until: number | null }];
  mail: [Nothing, MailSettings];
  set_mail: [NewMailAddress, Nothing];
  set_digest: [SetDigest, MailSettings];
  remove_mail: [Nothing, Nothing];
}

export type ProfileName = keyof ProfileAsks;
