/** Why something was refused, in English. They come beside the page. */

import { spoken } from "../spoken.ts";

/** By the server's reason, which says more than its code. */
export const reasons = spoken("reasons", {
  last_owner: "You are the last owner: make somebody else an owner first.",
  full: "This conversation is full.",
  archived: "This conversation is archived.",
  silenced: "You can only read here at present.",
  post_role: "Only some people may write here.",
  slow_mode: "Slow mode: wait a little before you write again.",
  mention_all: "Everybody is mentioned in large conversations by admins only, and by nobody twice in ten minutes.",
  already_member: "One of these people is in already.",
  taken: "Another moderator deals with this report already.",
  resolved: "This report is decided already.",
  unchanged: "This is so already.",
  bot_away: "The bot did not answer.",
  banned: "This person is banned from this conversation.",
  blocked: "This person does not want to hear from you.",
  name_taken: "Somebody has this name already.",
  guest: "Guests cannot do this.",
  invitation: "This invitation is not valid any more.",
  deleted: "The message was deleted meanwhile.",
  forwarded: "A forwarded message cannot be edited.",
  closed: "This poll is closed.",
  anonymous: "Nobody is told who voted in this poll.",
  pins: "There are too many pins; take one away first.",
  reaction_kinds: "This message has too many different reactions.",
  pin_role: "Only some people may pin here.",
  twice: "Two options are the same.",
  closes_at: "A poll closes within 30 days.",
  device_full: "This device is out of space. Free some, then try again.",
  other_sign_in: "It was written before you signed in again, and may have been sent already.",
});

/** By the server's code. */
export const codes = spoken("codes", {
  bad_frame: "The server did not understand this version of the page. Reload it.",
  bad_request: "The server refused what was entered.",
  forbidden: "You may not do this here.",
  not_found: "This does not exist, or is not visible to you.",
  key_reused: "This message was already sent with another text.",
  conflict: "This is not possible at the moment.",
  gone: "This has expired.",
  too_large: "This is too long.",
  quota_exceeded: "Your space is used up.",
  rate_limited: "Too fast. Please try again in a moment.",
  internal: "Something went wrong on the server. Please try again.",
  unavailable: "The server cannot be reached. Please try again.",
});
