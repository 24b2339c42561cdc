/** What the server tells of the user's own: where it stands is the followed conversations', the rest is stored as it is told. */

import type { SelfChanged } from "../protocol/types.ts";
import { flagsWith } from "../sync/mine.ts";
import type { Action } from "../link/actions.ts";
import type { Followed } from "../link/followed.ts";

/** Take what was told, and return what is to be stored of it. */
export function told(what: SelfChanged["what"], followed: Followed): readonly Action[] {
  switch (what.change) {
    case "devices":
    case "presence":
      return [];
    case "thread":
    case "read": {
      const conversation = followed.get(what.conversation_id);
      if (what.thread_seq == null) {
        if (what.change === "read" && conversation.readElsewhere(what)) followed.touch(conversation);
        return [];
      }
      const { conversation_id, thread_seq, unread, mentions } = what;
      const read = what.change === "read" ? what.seq : what.read;
      const marks = { read, unread, mentions, counted: conversation.head, ...(what.change === "thread" && { following: what.following }) };
      return [{ type: "thread", conversation_id, thread_seq, marks }];
    }
    case "mine": {
      const conversation = followed.get(what.conversation_id);
      conversation.flags = flagsWith(conversation.flags, what);
      followed.touch(conversation);
      return [{ type: "own", what }];
    }
    default:
      return [{ type: "own", what }];
  }
}
