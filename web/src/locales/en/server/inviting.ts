/** Every sentence about letting people into the server in English. */

import { spoken } from "../../spoken.ts";

export const inviting = spoken("inviting", {
  title: "Let people in",
  invite: "Invite somebody to sign up",
  inviteLead: "A link makes one account. Pass it on to the one whom it is for.",
  guest: "As a guest",
  guestHint: "A guest sees only the conversations that he is invited to, and who is in them.",
  make: "Make link",
  link: "Link to sign up",
  linkHint: (date: string) => `It is shown only now, good once, and until ${date}.`,
  copy: "Copy link",
  address: "Mail address",
  addressHint: "Or let this server mail the link.",
  addressBad: "This is no mail address.",
  send: "Send invitation",
  sent: (address: string) => `An invitation is on its way to ${address}.`,
  reset: "Somebody forgot his password",
  resetLead: "With a link he sets a new one. All of his devices are then signed out.",
  resetFor: (name: string) => `Link for a new password for ${name}`,
  refused: {
    server_admin: "Only an admin of this server lets people in.",
    gone: "There is no such person, or no password to be set: bots have none.",
  },
});
