/** Turns a refusal of log-in or sign-up into the sentence for the field that it is about. */

import { errorWords, words } from "../app/locale.ts";

export interface Refusal {
  readonly code: string;
  readonly path?: string | null | undefined;
  readonly reason?: string | null | undefined;
}

export interface SignInErrors {
  readonly name?: string;
  readonly password?: string;
  readonly invitation?: string;
  readonly form?: string;
}

export function explain(refusal: Refusal, creating: boolean): SignInErrors {
  if (!creating && refusal.code === "unauthenticated") return { password: words.wrongLogIn };
  const path = refusal.path ?? "";
  if (creating && refusal.code === "conflict") return { name: words.nameTaken };
  if (path.includes("invitation")) return { invitation: words.invitationBad };
  if (creating && refusal.code === "gone") return { invitation: words.invitationBad };
  if (creating && refusal.code === "forbidden") return { form: words.signUpClosed, invitation: words.invitationHint };
  if (path.includes("name")) return { name: words.nameBad };
  if (path.includes("password")) return { password: words.passwordBad };
  return { form: errorWords(refusal) };
}
