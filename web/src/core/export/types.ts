/** What a page asks to take data along. Types only. */

import type { ConversationId, Export } from "../protocol/types.ts";

export interface ExportAsks {
  ask_export: [Record<never, never>, Export];
  /** A new link each time, once there is an archive. */
  export: [Record<never, never>, Export];
  export_conversation: [{ conversation_id: ConversationId }, Blob];
}

export type ExportName = keyof ExportAsks;
