/** What a page asks about the present moment and about who has read: presence, typing, receipts. Types only. */

import type {
  ChosenState, ConversationId, LastSeenTo, MyPresence, OwnPresence, PresenceTold, Receipts, TypingTold, UserId, Watermarks,
} from "../protocol/types.ts";

export type {
  ChosenState, LastSeenTo, MemberMarks, MyPresence, OwnPresence, PresenceRow, PresenceState, PresenceTold, Receipts, TypingTold, Watermarks,
} from "../protocol/types.ts";

/** What a tab shows of other people, and whether its user is there. */
export interface Watching {
  /** Whose presence is on its screen. */
  readonly user_ids: readonly UserId[];
  /** Something was done at it within the last minutes. */
  readonly active: boolean;
}

/** What the server says of a moment; told to every tab, and nowhere stored. */
export type Signal = PresenceTold | TypingTold | Watermarks | { readonly type: "self"; readonly what: OwnPresence };

/** How one wants to look; an absent `last_seen_to` stays as it is. */
export interface PresenceChoice {
  readonly state: ChosenState;
  readonly text: string;
  /** Milliseconds since 1970; null: until it is chosen anew. */
  readonly expires_at: number | null;
  readonly last_seen_to?: LastSeenTo;
}

type Done = Record<never, never>;

export interface SignalAsks {
  /** Answered with what the leading tab knows of it already; what changes is told by `signal` notes. */
  watch: [Watching & { readonly conversation_ids: readonly ConversationId[] }, PresenceTold];
  typing: [{ conversation_id: ConversationId; thread_seq: number; on: boolean }, Done];
  /** Who has received and read what; `seq`: how many have read up to there. */
  receipts: [{ conversation_id: ConversationId; seq: number | null }, Receipts];
  my_presence: [Done, MyPresence];
  set_presence: [PresenceChoice, Done];
}

export type SignalName = keyof SignalAsks;
