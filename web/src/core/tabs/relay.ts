/** How the tabs of one account talk: changes that were written, the leader's beat, and asks that only the leader can answer. */

import { OFFLINE } from "../answer.ts";
import type { Answer, ConversationId, LinkState } from "../port.ts";
import type { Question } from "../link/questions.ts";
import type { SignalAsk } from "../signals/signals.ts";
import type { Signal, Watching } from "../signals/types.ts";
import type { Batch } from "../store/schema.ts";

const ANSWER_WITHIN_MS = 12_000;

/** What only the leader does. */
export type LeaderAsk =
  | { readonly type: "page"; readonly conversation_id: ConversationId; readonly where: Where; readonly limit: number }
  /** `low`: from which seq on the thread is held now without a gap. */
  | { readonly type: "thread"; readonly conversation_id: ConversationId; readonly thread_seq: number; readonly before: number | null; readonly limit: number }
  | { readonly type: "read"; readonly conversation_id: ConversationId; readonly seq: number }
  | { readonly type: "tell"; readonly question: Question }
  | { readonly type: "signal"; readonly what: SignalAsk }
  /** The disk is full: let old bodies go. */
  | { readonly type: "make_room" };

export type Where = { readonly before: number } | { readonly around: number } | { readonly after: number };

export interface Looking extends Watching {
  readonly ids: readonly ConversationId[];
  readonly visible: boolean;
}

type Message =
  | { readonly type: "beat"; readonly link: LinkState; readonly retry_at: number | null }
  | { readonly type: "change"; readonly batch: Batch }
  | { readonly type: "looking"; readonly tab: string; readonly looking: Looking }
  | { readonly type: "ask"; readonly tab: string; readonly id: number; readonly ask: LeaderAsk }
  | { readonly type: "told"; readonly tab: string; readonly id: number; readonly answer: Answer<unknown> }
  | { readonly type: "devices" }
  | { readonly type: "signal"; readonly signal: Signal }
  | { readonly type: "wake" }
  | { readonly type: "signed_out"; readonly reason: "expired" | "revoked" | "logged_out" };

export interface RelayEvents {
  beat(link: LinkState, retry_at: number | null): void;
  changed(batch: Batch): void;
  looking(tab: string, looking: Looking): void;
  /** Only the leader answers; another tab returns null. */
  asked(ask: LeaderAsk): Promise<Answer<unknown>> | null;
  devices(): void;
  signal(signal: Signal): void;
  wake(): void;
  signedOut(reason: "expired" | "revoked" | "logged_out"): void;
}

export class Relay {
  readonly tab: string;
  readonly #channel: BroadcastChannel;
  readonly #events: RelayEvents;
  readonly #waiting = new Map<number, (answer: Answer<unknown>) => void>();
  #last = 0;

  constructor(name: string, tab: string, events: RelayEvents) {
    this.tab = tab;
    this.#events = events;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (event: MessageEvent<Message>) => this.#take(event.data);
  }

  tell(message: Message): void {
    this.#channel.postMessage(message);
  }

  /** Ask the leader; no answer in time is `offline`. */
  ask(ask: LeaderAsk): Promise<Answer<unknown>> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#waiting.get(id)?.(OFFLINE), ANSWER_WITHIN_MS);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      });
      this.tell({ type: "ask", tab: this.tab, id, ask });
    });
  }

  close(): void {
    this.#channel.close();
  }

  #take(message: Message): void {
    switch (message.type) {
      case "beat":
        this.#events.beat(message.link, message.retry_at);
        break;
      case "change":
        this.#events.changed(message.batch);
        break;
      case "looking":
        this.#events.looking(message.tab, message.looking);
        break;
      case "ask":
        void this.#answer(message.tab, message.id, message.ask);
        break;
      case "told":
        if (message.tab === this.tab) this.#waiting.get(message.id)?.(message.answer);
        break;
      case "devices":
        this.#events.devices();
        break;
      case "signal":
        this.#events.signal(message.signal);
        break;
      case "wake":
        this.#events.wake();
        break;
      case "signed_out":
        this.#events.signedOut(message.reason);
        break;
      default:
        message satisfies never;
    }
  }

  async #answer(tab: string, id: number, ask: LeaderAsk): Promise<void> {
    const answer = await this.#events.asked(ask);
    if (answer !== null) this.tell({ type: "told", tab, id, answer });
  }
}
