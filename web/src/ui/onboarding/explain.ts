/** Turns a refusal of log-in or sign-up into the sentence for the field that it is about. */

import { later } from "../../locales/en/later.ts";
import { errorWords } from "../app/locale.ts";

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
  if (!creating && refusal.code === "unauthenticated") return { password: later.wrongLogIn };
  const path = refusal.path ?? "";
  if (creating && refusal.code === "conflict") return { name: later.nameTaken };
  if (path.includes("invitation")) return { invitation: later.invitationBad };
  if (creating && refusal.code === "gone") return { invitation: later.invitationBad };
  if (creating && refusal.code === "forbidden") return { form: later.signUpClosed, invitation: later.invitationHint };
  if (path.includes("name")) return { name: later.nameBad };
  if (path.includes("password")) return { password: later.passwordBad };
  return { form: errorWords(refusal) };
}
