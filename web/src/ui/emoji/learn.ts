/** Asks for the server's own emoji, and has texts show them from then on. */

import type { Port } from "../../core/port.ts";
import { custom } from "./custom.svelte.ts";
import { known } from "./known.svelte.ts";
import Pictured from "./Pictured.svelte";

export async function learnEmoji(port: Port): Promise<void> {
  await known.learn(port);
  if (known.all.size > 0) custom.Pictured = Pictured;
}
