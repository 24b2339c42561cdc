/** What a code of the server means for a client: may the same command be sent again, may the socket be opened again. */

import { CLOSE_CODES, RETRYABLE, type Error as ErrorFrame } from "./types.ts";

/** What ends a session for good or lets it be resumed. */
export type AfterClose = "reconnect" | "sign_in" | "revoked" | "upgrade" | "replaced" | "stop";

/** Say whether sending the refused command again is pointless, or would hold up what follows it for minutes. */
export function isFinal(refusal: ErrorFrame): boolean {
  return refusal.reason === "mention_all" || !(retryable(refusal.code) || refusal.retry_after_ms != null || refusal.code === "token_expired");
}

/** Say what to do after the socket closed with this code. */
export function afterClose(code: number): AfterClose {
  if (code < CLOSE_CODES.BAD_FRAME) return "reconnect";
  switch (code) {
    case CLOSE_CODES.NOT_AUTHENTICATED:
      return "sign_in";
    case CLOSE_CODES.DEVICE_REVOKED:
      return "revoked";
    case CLOSE_CODES.UPGRADE_CLIENT:
      return "upgrade";
    case CLOSE_CODES.REPLACED:
      return "replaced";
    case CLOSE_CODES.NO_HELLO:
      return "reconnect";
    default:
      return "stop";
  }
}

function retryable(code: string): boolean {
  return (RETRYABLE as Readonly<Record<string, boolean>>)[code] === true;
}
