/** What a bot's token may be good for, the least first. */

import type { Scope } from "../../core/port.ts";

export const SCOPES: readonly Scope[] = ["read", "send", "react", "manage"];
