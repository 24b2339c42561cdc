/**
 * The client's side of the protocol, without I/O: what happened goes in, what is to be done comes out.
 *
 * The driver calls one method per happening and carries out the actions it returns, in order: the durable ones stand
 * first and are committed in one local transaction, then the others are done. If it cannot commit them it throws the
 * link away and starts another from its store. Times are seconds of any clock that never falls.
 * Client rules (docs/protocol.md): 1 and 8 outbox.ts, 2, 3 and 5 conversation.ts, 4 here, 6 epoch.ts, 7 connection.ts.
 */

import { refusalOf } from "../answer.ts";
import { Outbox, laneOf } from "../outbox/outbox.ts";
import { afterClose, isFinal } from "../protocol/codes.ts";
import { CLOSE_CODES, CONSTANTS, LIMITS } from "../protocol/types.ts";
import type {
  AnyCommand, Compared, ConversationId, Entry, Error as ErrorFrame, Event as EventFrame, HeadRow, Heads, Ok, Page, Pong, Received, SelfChanged, Sent,
  ServerFrame, Typing, UserId, Welcome,
} from "../protocol/types.ts";
import { isDurable, type Action, type Held, type Identity, type OutboxCommand, type Position, type Range, type State } from "./actions.ts";
import { Connection } from "./connection.ts";
import type { HeldRow } from "./epoch.ts";
import { earliest } from "./fetches.ts";
import { Followed } from "./followed.ts";
import { told } from "../own/heard.ts";
import { Questions, type Question } from "./questions.ts";
import { Reads } from "./reads.ts";

/** Wait after a retryable refusal that names no time. */
const RETRY_MS = 1_000;

type Answering = Ok | ErrorFrame | Sent | Page | Compared;

export class Link {
  state: State = "offline";
  epoch: string | null;
  readonly outbox: Outbox;
  readonly #identity: Identity;
  readonly #followed: Followed;
  readonly #reads: Reads;
  readonly #connection: Connection;
  readonly #questions = new Questions();
  #token: string | null;
  #inactive = false;
  /** Whose presence is on screen. */
  #users: readonly UserId[] = [];
  #lastId = 0;
  #actions: Action[] = [];

  /** `random` gives 0 to 1. */
  constructor(identity: Identity, held: Held, random: () => number) {
    this.#identity = identity;
    this.epoch = held.epoch;
    this.#token = held.token;
    this.outbox = new Outbox(held.outbox);
    this.#connection = new Connection(random);
    this.#followed = new Followed(identity.user_id, held.positions, (id, cursor) => this.#passed(id, cursor));
    const wanted = new Map<ConversationId, number>();
    for (const [id, position] of held.positions) if (position.read_wanted > 0) wanted.set(id, position.read_wanted);
    this.#reads = new Reads(wanted);
  }

  /** Connect at once: at the start, when the network is back, when the token is fresh again. */
  wake(now: number): readonly Action[] {
    if (this.state === "offline") {
      this.#become("connecting");
      this.#actions.push({ type: "connect", after_s: 0 });
    } else if (this.#connection.isOpen) {
      this.#connection.heartbeat.hurry(now);
      if (this.#connection.heartbeat.isDue(now)) this.#ping();
    }
    return this.#flush(now);
  }

  /** Say hello on a fresh connection. */
  connected(now: number, accessToken: string): readonly Action[] {
    this.#become("connecting");
    this.#connection.began(now);
    this.#transmit({
      type: "hello",
      token: accessToken,
      device_id: this.#identity.device_id,
      client: this.#identity.client,
      resume: this.epoch !== null && this.#token !== null ? { epoch: this.epoch, token: this.#token } : null,
      focus: this.#followed.focus,
      inactive: this.#inactive,
    });
    return this.#flush(now);
  }

  /** Take one frame from the server. */
  frame(now: number, frame: ServerFrame): readonly Action[] {
    switch (frame.type) {
      case "event":
        this.#event(frame, now);
        break;
      case "ok":
      case "error":
      case "sent":
      case "page":
      case "compared":
        this.#answer(frame, now);
        break;
      case "welcome":
      case "heads":
      case "pong":
        this.#numbers(frame, now);
        break;
      case "gap":
        this.#hearOf(frame.conversation_id, frame.head, now);
        break;
      case "drain":
        this.#connection.drains(now, frame.reconnect_after_ms);
        this.#become("draining");
        break;
      case "self":
        return this.own(now, frame.what);
      case "presence":
      case "typing":
      case "watermarks":
      case "slashed":
      case "slash_called":
        break;
      default:
        frame satisfies never;
    }
    return this.#flush(now);
  }

  /** Learn that the connection ended, or that it could not be had (1006). */
  closed(now: number, code: number): readonly Action[] {
    this.#forgetConnection(now, code);
    return this.#flush(now);
  }

  /** Let time pass; call it at `nextAt`, more often does no harm. */
  tick(now: number): readonly Action[] {
    const over = this.#connection.over(now);
    if (over !== null) this.#lose(now, over);
    this.outbox.overdue(now);
    this.#followed.fetches.overdue(now);
    this.#actions.push(...this.#questions.overdue(now));
    if (this.#connection.heartbeat.isDue(now)) this.#ping();
    return this.#flush(now);
  }

  /** Return when `tick` has something to do; null: not before something else happens. */
  nextAt(): number | null {
    const times = [this.#connection.nextAt()];
    if (this.#connection.isOpen) {
      times.push(this.outbox.nextAt(), this.#followed.fetches.nextAt());
      times.push(this.#followed.agreement.nextAt(), this.#questions.nextAt(), this.#isAgreed() ? this.#reads.nextAt() : null);
    }
    return earliest(times);
  }

  /** Keep a command until it is answered for good, and transmit it when its turn has come (rules 1 and 8). */
  send(now: number, command: OutboxCommand): readonly Action[] {
    if (!this.outbox.has(command.client_id)) {
      const kept = { ...command, id: 0 };
      this.#actions.push({ type: "keep", command: kept });
      this.outbox.keep(kept);
    }
    return this.#flush(now);
  }

  /** Give up a command; it may have been stored already, then its event still comes. */
  withdraw(now: number, client_id: string): readonly Action[] {
    this.outbox.settle(client_id);
    return this.#flush(now);
  }

  /** Move the user's read watermark up to `seq`; `unread` is what the store counts above it. */
  read(now: number, id: ConversationId, seq: number, unread: number): readonly Action[] {
    const conversation = this.#followed.get(id);
    if (conversation.readHere(seq, unread)) {
      this.#reads.want(id, seq);
      this.#followed.touch(conversation);
    }
    return this.#flush(now);
  }

  /** Take what the server has done for this device of the user's own: it tells only the others. */
  own(now: number, what: SelfChanged["what"]): readonly Action[] {
    this.#actions.push(...told(what, this.#followed));
    return this.#flush(now);
  }

  /** Say which conversations and people are on screen; what is missing of the conversations is fetched first. */
  focus(now: number, ids: readonly ConversationId[], inactive: boolean, users: readonly UserId[] = []): readonly Action[] {
    this.#inactive = inactive;
    this.#users = users;
    this.#followed.look(ids.slice(0, LIMITS.focus_ids), now);
    if (this.#connection.isOpen) this.#focus();
    return this.#flush(now);
  }

  /** Transmit what has no answer; without a session it is dropped. */
  say(now: number, frame: Typing | Received): readonly Action[] {
    if (this.#connection.isOpen) this.#transmit(frame);
    return this.#flush(now);
  }

  /** Take the store's answer to `recall`. */
  recalled(now: number, rows: readonly HeldRow[]): readonly Action[] {
    this.#followed.agreement.recalled(rows);
    return this.#flush(now);
  }

  /** Transmit a question whose answer is handed out as `answered` with this id; without a session it is null at once. */
  ask(now: number, id: number, question: Question): readonly Action[] {
    if (this.#connection.isOpen) {
      const frame = this.#nextId();
      this.#questions.transmitted(frame, id, now);
      this.#transmit({ ...question, id: frame });
    } else {
      this.#actions.push({ type: "answered", id, frame: null });
    }
    return this.#flush(now);
  }

  /** Take a page of the past that `ask` brought: what was not held is applied. */
  filled(now: number, page: Page): readonly Action[] {
    const conversation = this.#followed.get(page.conversation_id);
    if (page.epoch === this.epoch && !conversation.comparing && conversation.cursor !== null) {
      for (const entry of page.entries) this.#countAsAck(entry);
      this.#followed.apply(conversation, conversation.fill(page));
    }
    return this.#flush(now);
  }

  /** Take a page of a thread: its rows are stored as they are now; the position does not speak of them. */
  strayed(now: number, page: Page): readonly Action[] {
    const conversation = this.#followed.get(page.conversation_id);
    if (page.epoch === this.epoch && !conversation.comparing) {
      this.#followed.apply(conversation, page.entries.filter(({ seq }) => conversation.isDropped(seq)));
    }
    return this.#flush(now);
  }

  /** Forget a conversation that this user may not know (any more). */
  forget(id: ConversationId): void {
    this.#followed.forget(id);
    this.#reads.forget(id);
  }

  /** The store has let rows go (store/evict.ts); positions say so from here on. */
  evict(id: ConversationId, range: Range): void {
    this.#followed.get(id).evict(range);
  }

  /** Return where a conversation stands. */
  position(id: ConversationId): Position {
    return this.#followed.get(id).position();
  }

  #event({ epoch, entry }: EventFrame, now: number): void {
    if (epoch !== this.epoch) {
      this.#lose(now, CLOSE_CODES.STATE_LOST); // Another log under a running session: only a new hello sorts this out.
      return;
    }
    const conversation = this.#followed.get(entry.conversation_id);
    this.#countAsAck(entry);
    this.#followed.apply(conversation, conversation.event(entry, now));
  }

  #numbers(frame: Welcome | Heads | Pong, now: number): void {
    if (frame.type === "pong") {
      this.#connection.heartbeat.heard();
      this.#rows(frame.heads, now);
      for (const what of frame.own ?? []) this.#actions.push(...told(what, this.#followed));
      this.#connection.newToken = frame.resume_token === "" ? null : frame.resume_token;
      return;
    }
    const isBeforePong = frame.type === "heads" && !this.#connection.headsOpen;
    if (frame.type === "welcome") this.#welcome(frame, now);
    this.#rows(frame.type === "welcome" ? frame.heads : frame.rows, now);
    if (frame.type === "welcome") for (const what of frame.own ?? []) this.#actions.push(...told(what, this.#followed));
    if (isBeforePong) return;
    this.#connection.headsOpen = frame.more;
    if (!frame.more) this.#followed.catchUp(now);
  }

  #welcome(welcome: Welcome, now: number): void {
    this.#connection.welcomed(now, welcome);
    this.#followed.connected();
    if (welcome.epoch !== this.epoch) {
      this.epoch = welcome.epoch;
      this.#token = null;
      for (const command of this.outbox.doubt()) this.#actions.push({ type: "keep", command });
      this.#followed.restart();
    }
    this.#become("syncing");
    // `hello` names the conversations only.
    if (this.#users.length > 0) this.#focus();
  }

  #rows(rows: readonly HeadRow[], now: number): void {
    for (const row of rows) {
      const conversation = this.#followed.get(row[0]);
      if (!conversation.row(row, now)) this.#followed.distrust(conversation);
      this.#followed.beEager(conversation);
      this.#followed.touch(conversation);
    }
  }

  #answer(frame: Answering, now: number): void {
    const reply = frame.id == null ? null : this.#questions.answered(frame.id, frame);
    if (reply !== null) {
      this.#actions.push(reply);
      return;
    }
    switch (frame.type) {
      case "sent":
        this.#settle(frame, frame.duplicate === true);
        this.#hearOf(frame.conversation_id, frame.seq, now, CONSTANTS.HOLD_BACK_S);
        break;
      case "page":
        this.#page(frame, now);
        break;
      case "error":
        if (frame.id != null) this.#error(frame, frame.id, now);
        break;
      case "compared":
        this.#followed.agreement.compared(frame);
        break;
      case "ok":
        this.#readTold(frame.id, now, null);
        break;
      default:
        frame satisfies never;
    }
  }

  #page(page: Page, now: number): void {
    const asked = this.#followed.fetches.answered(page.id);
    if (page.epoch !== this.epoch) {
      this.#lose(now, CLOSE_CODES.STATE_LOST);
    } else if (asked !== null && !asked.conversation.comparing) {
      for (const entry of page.entries) this.#countAsAck(entry);
      this.#followed.apply(asked.conversation, asked.conversation.page(page, asked.direction, now));
    }
  }

  #error(frame: ErrorFrame, id: number, now: number): void {
    const item = this.outbox.ofFrame(id);
    const asked = this.#followed.fetches.answered(id);
    const waitMs = frame.retry_after_ms ?? RETRY_MS;
    if (item !== null) {
      if (isFinal(frame)) {
        this.outbox.settle(item.command.client_id);
        this.#actions.push({ type: "failed", client_id: item.command.client_id, error: refusalOf(frame) });
      } else {
        this.outbox.postpone(item, now, frame.retry_after_ms ?? null);
      }
    } else if (asked !== null) {
      if (isFinal(frame)) {
        asked.conversation.unreadable();
      } else {
        this.#followed.fetches.pause(now + waitMs / 1_000);
        asked.conversation.later(now + waitMs / 1_000);
      }
      this.#followed.touch(asked.conversation);
    } else if (!this.#followed.agreement.refused(id, now + waitMs / 1_000)) {
      this.#readTold(id, now, isFinal(frame) ? null : waitMs);
    }
  }

  #hearOf(id: ConversationId, seq: number, now: number, patienceS = 0): void {
    const conversation = this.#followed.get(id);
    conversation.heardOf(seq, now, patienceS);
    this.#followed.touch(conversation);
  }

  /** Take an own entry in the log for the ack: it says the same as `sent`, which may be lost. */
  #countAsAck(entry: Entry): void {
    if (entry.device_id === this.#identity.device_id) this.#settle(entry, false);
  }

  #settle({ client_id, conversation_id, seq, created_at }: Sent | Entry, duplicate: boolean): void {
    const item = this.outbox.settle(client_id);
    if (item === null) return;
    const conversation = this.#followed.get(conversation_id);
    const isHeld = !conversation.comparing && conversation.isDropped(seq);
    const awaits_entry = laneOf(item.command) !== null && !isHeld;
    if (awaits_entry) this.outbox.awaitEntry(item, seq);
    this.#actions.push({ type: "acked", client_id, conversation_id, seq, created_at, duplicate, awaits_entry });
  }

  #passed(id: ConversationId, cursor: number): void {
    for (const client_id of this.outbox.passed(id, cursor)) this.#actions.push({ type: "settled", client_id });
  }

  #readTold(frame: number, now: number, retryAfterMs: number | null): void {
    const told = this.#reads.answered(frame, now, retryAfterMs);
    if (told === null) return;
    const conversation = this.#followed.get(told);
    conversation.readTold();
    this.#followed.touch(conversation);
  }

  #become(state: State): void {
    if (state === this.state) return;
    this.state = state;
    this.#actions.push({ type: "state", state });
  }

  #lose(now: number, code: number): void {
    this.#actions.push({ type: "disconnect", code });
    this.#forgetConnection(now, code);
  }

  #forgetConnection(now: number, code: number): void {
    const waitS = this.#connection.ended(now);
    for (const part of [this.outbox, this.#followed, this.#reads]) part.disconnected();
    this.#actions.push(...this.#questions.disconnected());
    this.#become("offline");
    this.#actions.push(afterClose(code) === "reconnect" ? { type: "connect", after_s: waitS } : { type: "refused", code });
  }

  /** Complete this happening's actions: the durable ones, the token last of them, then those that follow from them. */
  #flush(now: number): readonly Action[] {
    if (this.#connection.isOpen) this.#work(now);
    const durable: Action[] = this.#actions.filter(isDurable);
    const others = this.#actions.filter((action) => !isDurable(action));
    durable.push(...this.#followed.changed());
    if (this.#connection.isOpen) this.#settleToken(durable);
    this.#actions = [];
    return [...durable, ...others];
  }

  #work(now: number): void {
    if (!this.#connection.headsOpen) this.#agree(now);
    this.#transmitDue(now);
    if (this.state === "syncing" && this.#isAgreed() && this.#followed.isCaughtUp) {
      this.#connection.liveSince = now;
      this.#become("live");
    }
  }

  #agree(now: number): void {
    for (const cut of this.#followed.agree(now)) {
      this.#reads.cut(cut.conversation_id, cut.after);
      this.#actions.push(cut);
    }
    const asks = this.#followed.agreement.asks();
    if (asks.length > 0) this.#actions.push({ type: "recall", asks });
  }

  #transmitDue(now: number): void {
    for (let next = this.#followed.fetches.due(now); next !== null; next = this.#followed.fetches.due(now)) {
      this.#transmit(this.#followed.fetches.transmitted(this.#nextId(), next.conversation, next.direction, now));
    }
    while (this.state !== "draining") {
      const item = this.outbox.due(now);
      if (item === null) break;
      const frame = this.#nextId();
      this.outbox.transmitted(item, frame, now);
      this.#transmit({ ...item.command, id: frame });
    }
    const compare = this.#followed.agreement.due(this.#nextId(), now);
    if (compare !== null) this.#transmit(compare);
    const read = this.#isAgreed() ? this.#reads.due(this.#nextId(), now) : null;
    if (read !== null) this.#transmit(read);
  }

  /** Say whether what this device holds is known to stand in the server's log: only then are seqs told to it. */
  #isAgreed(): boolean {
    return !this.#connection.headsOpen && !this.#followed.agreement.isOpen;
  }

  /** Store the token only when every head that came before it is known (positions hold them) and agreed on. */
  #settleToken(durable: Action[]): void {
    const { newToken } = this.#connection;
    if (newToken === null || this.epoch === null || !this.#isAgreed()) return;
    this.#token = newToken;
    this.#connection.newToken = null;
    durable.push({ type: "save_token", epoch: this.epoch, token: this.#token });
  }

  #focus(): void {
    const { focus } = this.#followed;
    const user_ids = this.#users.slice(0, LIMITS.focus_ids - focus.length);
    this.#transmit({ type: "focus", conversation_ids: focus, ...(user_ids.length > 0 && { user_ids }), inactive: this.#inactive });
  }

  #ping(): void {
    const heads: Record<number, number> = {};
    for (const id of this.#followed.focus) heads[id] = this.#followed.get(id).cursor ?? 0;
    this.#transmit({ type: "ping", heads });
  }

  #transmit(frame: AnyCommand): void {
    this.#actions.push({ type: "transmit", frame });
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
