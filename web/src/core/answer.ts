/** Errors as values: how an answer is made, and how the server's refusals become one. */

import type { Answer, Refusal } from "./port.ts";
import type { Error as ErrorFrame, Problem } from "./protocol/types.ts";

export function done<Value>(value: Value): Answer<Value> {
  return { ok: true, value };
}

export function refused(code: string, message: string): { readonly ok: false; readonly error: Refusal } {
  return { ok: false, error: { code, message } };
}

export const OFFLINE = refused("offline", "the server cannot be reached");

/** Return the refusal that an `error` frame or a problem document tells. */
export function refusalOf(error: ErrorFrame | Problem): Refusal {
  return {
    code: error.code,
    message: "message" in error ? error.message : error.detail,
    ...(error.path != null && { path: error.path }),
    ...(error.reason != null && { reason: error.reason }),
    ...(error.retry_after_ms != null && { retry_after_ms: error.retry_after_ms }),
  };
}
