/** Every sentence of the pages that links in mails lead to, in English. */

import { spoken } from "../../spoken.ts";

export const mail = spoken("mail", {
  askTitle: "Set a new password",
  askLead: "Tell who you are, and a link comes to the address that you have confirmed.",
  who: "Name or mail address",
  whoMissing: "Type your name or your mail address.",
  askButton: "Send me a link",
  asked: "If this is somebody with a confirmed address, a link is on its way. It is good for 15 minutes.",
  noMail: "This server sends no mail. Ask one of its admins for a link.",
  setTitle: "Choose a new password",
  setLead: "All your devices are signed out, and you log in again with the new password.",
  newPassword: "New password",
  setButton: "Set password",
  set: "Your password is set. All devices are signed out.",
  linkBad: "This link was used already or is too old. Ask for another.",
  confirmTitle: "Confirm your address",
  confirmLead: "From then on, links for a forgotten password go there.",
  confirmButton: "Confirm address",
  confirmed: "Your address is confirmed.",
  addressTaken: "Another account has this address.",
  endTitle: "No more digests",
  endLead: "You are not told by mail any more what you missed.",
  endButton: "End digests",
  ended: "You get no more of them.",
  toLogIn: "To the log-in",
  tooOften: "That was often. Try again later.",
  failed: "That did not work. Try again.",
});
