/** Text of one WebSocket message to frames and back; an entry of an unknown kind is kept, so that order is never broken. */

import type { AnyCommand, ServerFrame } from "./types.ts";

const KNOWN = new Set<string>([
  "welcome", "heads", "pong", "drain", "ok", "error", "sent", "event", "page", "gap", "compared", "self",
  "presence", "typing", "watermarks",
]);

/** Return the frames of one message, in order; frames of an unknown type are left out, other text gives null. */
export function decode(text: string): readonly ServerFrame[] | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  const frames = Array.isArray(found) ? (found as readonly unknown[]) : [found];
  if (!frames.every(hasType)) return null;
  return frames.filter((frame) => KNOWN.has(frame.type)) as unknown as readonly ServerFrame[];
}

export function encode(command: AnyCommand): string {
  return JSON.stringify(command);
}

function hasType(frame: unknown): frame is { readonly type: string } {
  return typeof frame === "object" && frame !== null && typeof (frame as { type?: unknown }).type === "string";
}
