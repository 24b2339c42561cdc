/** What one can do with a message of the list. */

import type { MessageRow } from "../../core/port.ts";

export interface MessageActs {
  reply(row: MessageRow): void;
  /** Of a failed one: send it again, at the end. */
  retry(row: MessageRow): void;
  /** Of a failed one: take it back into the composer. */
  edit(row: MessageRow): void;
  discard(row: MessageRow): void;
}
