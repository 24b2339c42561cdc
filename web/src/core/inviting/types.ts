/** What an admin of the server asks to let people in: invitations to sign up, links for new passwords. Types only. */

import type { MailInvitation, UserId } from "../protocol/types.ts";

/** It is told only here. `expires_at`: milliseconds since 1970. */
export interface OnceLink {
  readonly url: string;
  readonly expires_at: number;
}

export interface InvitingAsks {
  /** A link with which one person signs up; `guest`: as somebody who sees only what he is invited to. */
  invite_to_server: [{ readonly guest: boolean }, OnceLink];
  mail_invitation: [MailInvitation, Record<never, never>];
  /** A link with which this person sets a new password. */
  reset_link: [{ readonly user_id: UserId }, OnceLink];
}

export type InvitingName = keyof InvitingAsks;
