/** Every sentence about oneself in the settings, in English: one's name and one's mail. */

import { spoken } from "../../spoken.ts";

export const profile = spoken("profile", {
  name: "What others call you",
  nameHint: (signIn: string) => `You log in as ${signIn}, whatever you are called.`,
  save: "Save",
  saved: "Saved.",
  mail: "Mail",
  mailLead: "A link for a forgotten password goes to your address.",
  address: "Mail address",
  addressBad: "This is no mail address.",
  confirmFirst: "Send me a link",
  changeAddress: "Change address",
  pending: (address: string) => `A link is on its way to ${address}. Follow it within 15 minutes.`,
  remove: "Remove address",
  removeTitle: "Remove your address?",
  removeSure: "Nobody can then send you a link for a forgotten password, and digests end.",
  followers: "Who follows this thread",
  nobodyFollows: "Nobody follows this thread yet.",
  digest: "Tell me by mail what I missed, at most once a day",
});
