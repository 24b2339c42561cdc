/** What a page asks about the person himself: his names and his mail. Types only. */

import type { ChangeMe, MailSettings, Me, NewMailAddress, SetDigest } from "../protocol/types.ts";

type Nothing = Record<never, never>;
export type { MailSettings } from "../protocol/types.ts";
export type Names = Pick<Me, "name" | "sign_in_name">;

export interface ProfileAsks {
  my_names: [Nothing, Names];
  change_me: [ChangeMe, Names];
  /** Ask again what people are called: no entry tells it. What has changed comes as `people` and `conversations`. */
  names_now: [Nothing, Nothing];
  mail: [Nothing, MailSettings];
  set_mail: [NewMailAddress, Nothing];
  set_digest: [SetDigest, MailSettings];
  remove_mail: [Nothing, Nothing];
}

export type ProfileName = keyof ProfileAsks;
