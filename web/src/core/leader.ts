/** The leader's work: drives the link, writes what it says is durable, then does the rest; the only one with a socket. */

import { OFFLINE, done, refusalOf } from "./answer.ts";
import { Details } from "./sync/details.ts";
import type { Http } from "./http.ts";
import { isDurable, type Action, type Durable } from "./link/actions.ts";
import type { HeldRow } from "./link/epoch.ts";
import { Link } from "./link/link.ts";
import type { Question } from "./link/questions.ts";
import { Socket } from "./link/socket.ts";
import type { Mirror } from "./mirror.ts";
import type { Answer, ConversationId, LinkState, Refusal } from "./port.ts";
import { adopted, foreignKeys, leftBehind, ownOutbox } from "./outbox/foreign.ts";
import type { Sharing } from "./own/sharing.ts";
import { afterClose } from "./protocol/codes.ts";
import type { ServerFrame, UserId } from "./protocol/types.ts";
import type { Signals } from "./signals/signals.ts";
import type { Signal } from "./signals/types.ts";
import { Fenced, type Batch, type Evicted, type OutboxRecord, type Store } from "./store/schema.ts";
import { batchOf } from "./sync/apply.ts";
import { look } from "./sync/look.ts";
import { leapt } from "./sync/stale.ts";
import { unknownConversation } from "./sync/fold.ts";
import { followed, readUpTo, withMarks } from "./sync/threads.ts";
import { unreadAbove } from "./sync/unread.ts";
import type { LeaderAsk } from "./tabs/relay.ts";

const VERSION = "0.1";
/** Most happenings whose durable actions share one transaction. */
const TOGETHER = 50;
const RENEW_BEFORE_MS = 60_000;
const AGAIN_MS = 10_000;
/** Two refusals of fresh tokens within this time: the session is over. */
const STUBBORN_MS = 30_000;
/** Most rows read to count what a watermark leaves unread. */
const COUNTED_ROWS = 2_000;
/** Among so many rows up to the watermark there is a message, whose ordinal says how many follow. */
const READ_ROWS = 20;

export interface LeaderEvents {
  /**
   * Make a batch from what is stored when its turn has come, write it under this leader's term, then tell every tab.
   * Fenced, or any other error: nothing was written.
   */
  commit(make: () => Batch | null): Promise<void>;
  link(state: LinkState, retry_at: number | null): void;
  devices(): void;
  /** Every tab must know. */
  signal(signal: Signal): void;
  signedOut(reason: "expired" | "revoked"): void;
  upgrade(): void;
  /** The store cannot be written any more. */
  broken(error: unknown): void;
}

type Timer = ReturnType<typeof setTimeout>;

export class Leader {
  readonly #http: Http;
  readonly #store: Store;
  readonly #mirror: Mirror;
  readonly #events: LeaderEvents;
  readonly #link: Link;
  readonly #details: Details;
  readonly #queue: (() => readonly Action[])[] = [];
  readonly #questions = new Map<number, (frame: ServerFrame | null) => void>();
  readonly #timers: Record<"tick" | "connect" | "renew", Timer | undefined> = { tick: undefined, connect: undefined, renew: undefined };
  /** Commands that other sign-ins had left on this data when this leader began: it never transmits them. */
  readonly #foreign: ReadonlySet<string>;
  /** Who waits until the present happenings are stored and done. */
  #waiting: (() => void)[] = [];
  #socket: Socket | null = null;
  #draining = false;
  #stopped = false;
  #lastQuestion = 0;
  #distrustedAt = -Infinity;
  /** The server said to come again then; a crowd spreads from there on. */
  #notBefore = 0;
  #looking: string | null = null;
  /** Made when there is a draft to share. */
  #sharing: Sharing | null = null;
  /** Made before the first connection. */
  #signals: Signals | null = null;

  constructor(http: Http, store: Store, mirror: Mirror, events: LeaderEvents) {
    this.#http = http;
    this.#store = store;
    this.#mirror = mirror;
    this.#events = events;
    this.#details = new Details(http, mirror, (make) => this.#tryCommit(make));
    const { user_id, device_id } = mirror.session;
    this.#foreign = foreignKeys(mirror.outbox, mirror.session);
    this.#link = new Link(
      { user_id, device_id, client: { name: "seriatim-web", version: VERSION } },
      {
        epoch: mirror.meta.epoch,
        token: mirror.meta.token,
        positions: new Map([...mirror.conversations].map(([id, record]) => [id, record.position])),
        outbox: ownOutbox(mirror.outbox, mirror.session),
      },
      Math.random,
    );
  }

  start(): void {
    this.wake();
    this.#details.start();
  }

  /** Connect at once if there is no connection, or see whether it is alive. */
  wake(): void {
    this.#feed(() => this.#link.wake(now()));
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#sharing?.stop();
    this.#signals?.stop();
    this.#socket?.close(1000);
    this.#socket = null;
    for (const answer of this.#questions.values()) answer(null);
    this.#release();
  }

  /** Take a change that any tab has written: new commands are transmitted, discarded ones are not. */
  changed(batch: Batch): void {
    for (const record of batch.outbox ?? []) {
      if (record.state !== "queued" || this.#link.outbox.has(record.client_id) || this.#foreign.has(record.client_id)) continue;
      if (record.device_id === this.#mirror.session.device_id) this.#feed(() => this.#link.send(now(), record.command));
      else this.#adopt(record.client_id);
    }
    for (const { client_id, outcome } of batch.settled ?? []) {
      if (outcome.type === "discarded") this.#feed(() => this.#link.withdraw(now(), client_id));
    }
    this.#details.changed(batch);
    if (batch.drafts !== undefined) void this.#share();
  }

  /** Once they rest, drafts are taken to the user's other devices. */
  async #share(): Promise<void> {
    if ([...this.#mirror.drafts.values()].every(([, { changed_at, shared_at }]) => changed_at === shared_at)) return;
    try {
      const { Sharing } = await import("./own/sharing.ts");
      this.#sharing ??= new Sharing(this.#mirror, (question) => this.#ask(question), (make) => this.#tryCommit(make));
    } catch {
      return; // It is tried again with the next key, and with the next connection.
    }
    if (this.#stopped) this.#sharing.stop();
    this.#sharing.soon();
  }

  look(ids: readonly ConversationId[], users: readonly UserId[], active: boolean): void {
    const looking = JSON.stringify([ids, users, active]);
    if (looking === this.#looking) return;
    this.#looking = looking;
    this.#signals?.looked(users);
    this.#feed(() => this.#link.focus(now(), ids, !active, users));
  }

  async answer(ask: Exclude<LeaderAsk, { type: "make_room" }>): Promise<Answer<unknown>> {
    switch (ask.type) {
      case "page":
        return this.#page(ask);
      case "thread":
        return this.#thread(ask);
      case "tell":
        return this.#tell(ask.question);
      case "signal":
        return this.#signals === null ? OFFLINE : done(this.#signals.take(ask.what));
      default:
        return this.#read(ask.conversation_id, ask.seq);
    }
  }

  /** Choose the bodies that leave a full disk; null: none may. What is open on a screen goes last. */
  async room(open: ReadonlySet<ConversationId>): Promise<(() => Batch) | null> {
    const records = [...this.#mirror.conversations.values()];
    const { oldest } = await import("./store/evict.ts");
    const age = async (id: ConversationId, seq: number): Promise<number> => (await this.#store.rowAtOrBelow(id, seq))?.created_at ?? 0;
    const closed = await oldest(records.filter(({ conversation_id }) => !open.has(conversation_id)), age);
    const gone = closed.length > 0 ? closed : await oldest(records, age);
    return gone.length === 0 ? null : await this.#letGo(gone);
  }

  async #letGo(gone: readonly Evicted[]): Promise<() => Batch> {
    const { without } = await import("./store/evict.ts");
    // Before it is written: a position that is written meanwhile may deny rows that are there, never the other way round.
    for (const [id, low, high] of gone) this.#link.evict(id, [low, high]);
    return () => ({ evicted: gone, conversations: without(this.#mirror.conversations, gone) });
  }

  async #page(ask: Extract<LeaderAsk, { type: "page" }>): Promise<Answer<unknown>> {
    const frame = await this.#ask({ type: "fetch", conversation_id: ask.conversation_id, limit: ask.limit, ...ask.where });
    if (frame?.type === "error") return { ok: false, error: refusalOf(frame) };
    if (frame?.type !== "page") return OFFLINE;
    await this.#fed(() => this.#link.filled(now(), frame));
    return done({});
  }

  /** The root and the newest replies, or those before a seq; answered with where what is held now begins. */
  async #thread({ conversation_id, thread_seq, before, limit }: Extract<LeaderAsk, { type: "thread" }>): Promise<Answer<unknown>> {
    const frame = await this.#ask({ type: "fetch", conversation_id, thread_seq, before, limit });
    if (frame?.type === "error") return { ok: false, error: refusalOf(frame) };
    if (frame?.type !== "page") return OFFLINE;
    await this.#fed(() => this.#link.strayed(now(), frame));
    return done({ low: frame.complete ? 0 : (frame.entries[0]?.seq ?? 0) });
  }

  async #tell(question: Question): Promise<Answer<unknown>> {
    const frame = await this.#ask(question);
    if (frame?.type === "error") return { ok: false, error: refusalOf(frame) };
    if (frame === null) return OFFLINE;
    await this.#told(question);
    return done({});
  }

  /** Other devices are told of it by the server; this one has said it. */
  async #told(question: Question): Promise<void> {
    if (question.type === "set_mine" && question.thread_seq == null) {
      const { mineAfter } = await import("./own/told.ts");
      const record = this.#mirror.conversations.get(question.conversation_id) ?? unknownConversation(question.conversation_id);
      return this.#fed(() => this.#link.own(now(), mineAfter(record, question)));
    }
    if ((question.type !== "read" && question.type !== "set_mine") || question.thread_seq == null) return;
    const { conversation_id: id, thread_seq } = question;
    const replies = await this.#store.replies(id, thread_seq, thread_seq);
    const marks = question.type === "read" ? readUpTo(replies, question.seq, this.#mirror.session.user_id) : followed(replies, question.following === true);
    await this.#tryCommit(() => ({ conversations: [withMarks(this.#mirror.conversations.get(id) ?? unknownConversation(id), thread_seq, marks)] }));
  }

  async #read(id: ConversationId, seq: number): Promise<Answer<unknown>> {
    const cursor = this.#link.position(id).cursor ?? 0;
    const rows = seq < cursor ? await this.#store.rows(id, Math.max(seq - READ_ROWS, cursor - COUNTED_ROWS), cursor) : [];
    await this.#fed(() => this.#link.read(now(), id, seq, unreadAbove(rows, seq, this.#mirror.session.user_id)));
    return done({});
  }

  #ask(question: Question): Promise<ServerFrame | null> {
    this.#lastQuestion += 1;
    const id = this.#lastQuestion;
    return new Promise((resolve) => {
      if (this.#stopped) return resolve(null);
      this.#questions.set(id, resolve);
      this.#feed(() => this.#link.ask(now(), id, question));
    });
  }

  #feed(happening: () => readonly Action[]): void {
    if (this.#stopped) return;
    this.#queue.push(happening);
    if (!this.#draining) void this.#drain();
  }

  /** Feed, and wait until what followed is stored and done. */
  #fed(happening: () => readonly Action[]): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return resolve();
      this.#feed(() => {
        this.#waiting.push(resolve);
        return happening();
      });
    });
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    await Promise.resolve(); // All that happens in one turn of the loop shares a transaction.
    while (this.#queue.length > 0 && !this.#stopped) {
      const actions = this.#queue.splice(0, TOGETHER).flatMap((happening) => happening());
      try {
        await this.#write(actions.filter(isDurable));
      } catch (error) {
        this.#draining = false;
        this.stop();
        if (!(error instanceof Fenced)) this.#events.broken(error);
        return;
      }
      for (const action of actions) if (!isDurable(action) && !this.#stopped) this.#do(action);
      this.#release();
    }
    this.#draining = false;
    this.#schedule();
  }

  async #write(durable: readonly Durable[]): Promise<void> {
    if (durable.length === 0) return;
    const { resent, torn } = await this.#lost(durable);
    const stale = [...leapt(durable, this.#mirror), ...torn];
    for (const [id, low, high] of stale) this.#link.evict(id, [low, high]);
    const looked = await look(this.#store, durable, this.#mirror);
    const own = durable.flatMap((action) => (action.type === "own" ? [action.what] : []));
    const withOwn = own.length === 0 ? null : (await import("./own/told.ts")).withOwn;
    await this.#events.commit(() => {
      const made = batchOf(durable.map((action) => this.#placed(action)), this.#mirror, Date.now(), looked);
      const batch = made === null || withOwn === null ? made : withOwn(made, own, this.#mirror);
      if (batch === null || (resent.length === 0 && stale.length === 0)) return batch;
      return { ...batch, outbox: [...(batch.outbox ?? []), ...resent], stale };
    });
    this.#signals?.stored(durable.flatMap((action) => (action.type === "apply" ? [action.conversation_id] : [])));
    if (this.#store.kind === "memory") await this.#trim(durable);
  }

  /** Own messages that the server's log has lost are sent again, and what lost entries had changed is fetched again. */
  async #lost(durable: readonly Durable[]): Promise<{ readonly resent: readonly OutboxRecord[]; readonly torn: readonly Evicted[] }> {
    if (!durable.some(({ type }) => type === "truncate")) return { resent: [], torn: [] };
    const { changedByLost, lostBy, ownAgain } = await import("./outbox/again.ts");
    const lost = await lostBy(this.#store, durable);
    return { resent: ownAgain(lost, this.#mirror.session), torn: changedByLost(lost, durable) };
  }

  /** The link stands still while its actions are written, but for rows that are let go so that there is room for them. */
  #placed(action: Durable): Durable {
    return action.type === "apply" || action.type === "truncate" ? { ...action, position: this.#link.position(action.conversation_id) } : action;
  }

  /** Without a disk, what is far from where rows come and go does not stay in memory. */
  async #trim(durable: readonly Durable[]): Promise<void> {
    const { farthest } = await import("./store/evict.ts");
    const gone = durable.flatMap((action) => {
      const record = action.type === "apply" ? this.#mirror.conversations.get(action.conversation_id) : undefined;
      const near = action.type === "apply" ? action.entries.at(-1)?.seq : undefined;
      return record === undefined || near === undefined ? [] : farthest(record, near);
    });
    if (gone.length > 0) await this.#events.commit(await this.#letGo(gone));
  }

  /**
   * Another tab, of another sign-in, wrote this command; only the leader transmits, so nobody has transmitted it.
   * It is written down whose it is now, before it leaves: whoever leads next must not send it under his own name.
   */
  #adopt(client_id: string): void {
    void this.#tryCommit(() => adopted(this.#mirror.outbox.get(client_id), this.#mirror.session));
  }

  async #tryCommit(make: () => Batch | null): Promise<void> {
    try {
      if (!this.#stopped) await this.#events.commit(make);
    } catch (error) {
      this.stop();
      if (!(error instanceof Fenced)) this.#events.broken(error);
    }
  }

  #do(action: Exclude<Action, Durable>): void {
    switch (action.type) {
      case "connect":
        this.#connectIn(action.after_s * 1_000);
        break;
      case "disconnect":
        this.#socket?.close(action.code);
        this.#socket = null;
        break;
      case "transmit":
        this.#socket?.send(action.frame);
        break;
      case "recall":
        void this.#recall(action.asks);
        break;
      case "answered":
        this.#questions.get(action.id)?.(action.frame);
        this.#questions.delete(action.id);
        break;
      case "state":
        this.#became(action.state);
        break;
      case "refused":
        this.#refused(action.code);
        break;
      default:
        action satisfies never;
    }
  }

  #became(state: LinkState): void {
    this.#events.link(state, null);
    if (state !== "live") return;
    this.#details.start();
    void this.#share();
    void this.#tryCommit(() => leftBehind(this.#foreign, this.#mirror.outbox, this.#mirror.conversations));
  }

  async #recall(asks: readonly (readonly [ConversationId, number])[]): Promise<void> {
    const rows = await Promise.all(
      asks.map(async ([id, seq]): Promise<HeldRow[]> => {
        const row = await this.#store.rowAtOrBelow(id, seq);
        return row === null || row.seq === null ? [] : [[id, row.seq, row.client_id, new Date(row.created_at).toISOString()]];
      }),
    );
    this.#feed(() => this.#link.recalled(now(), rows.flat()));
  }

  #connectIn(afterMs: number): void {
    const ms = afterMs + Math.max(0, this.#notBefore - now()) * 1_000;
    clearTimeout(this.#timers.connect);
    if (ms > 0) this.#events.link(this.#link.state, Date.now() + ms);
    this.#timers.connect = setTimeout(() => void this.#connect(), ms);
  }

  async #connect(): Promise<void> {
    this.#events.link("connecting", null);
    const token = await this.#http.token();
    await this.#listen();
    if (this.#stopped) return;
    if (!token.ok) return this.#noToken(token.error);
    this.#socket?.close(1000);
    const url = new URL("/v1/ws", self.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new Socket(url.href, {
      opened: () => this.#feed(() => this.#link.connected(now(), token.value)),
      frames: (frames) => {
        for (const frame of frames) this.#frame(frame);
      },
      closed: (code) => {
        this.#socket = null;
        this.#feed(() => this.#link.closed(now(), code));
      },
    });
    this.#renewIn(this.#http.expiresAt - Date.now() - RENEW_BEFORE_MS);
  }

  #frame(frame: ServerFrame): void {
    if (frame.type === "self" && frame.what.change === "devices") this.#events.devices();
    if (frame.type === "error" && frame.fatal === true) this.#notBefore = now() + (frame.retry_after_ms ?? 0) / 1_000;
    this.#signals?.frame(frame);
    this.#feed(() => this.#link.frame(now(), frame));
  }

  /** What tells of a moment goes to the tabs; nobody needs it to read and write. */
  async #listen(): Promise<void> {
    try {
      const { Signals: Listening } = await import("./signals/signals.ts");
      this.#signals ??= new Listening({
        live: () => this.#link.state === "live",
        say: (frame) => this.#feed(() => this.#link.say(now(), frame)),
        tell: (signal) => this.#events.signal(signal),
        held: (id) => this.#link.position(id).cursor ?? 0,
        members: (id) => this.#mirror.conversations.get(id)?.member_count ?? 0,
      });
    } catch {
      // It is tried again with the next connection.
    }
  }

  #noToken(error: Refusal): void {
    if (["unauthenticated", "forbidden", "not_found", "gone"].includes(error.code)) {
      this.stop();
      this.#events.signedOut("expired");
    } else {
      this.#notBefore = now() + (error.retry_after_ms ?? 0) / 1_000;
      this.#feed(() => this.#link.closed(now(), 1006));
    }
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#timers.renew);
    this.#timers.renew = setTimeout(() => void this.#renew(), Math.max(1_000, ms));
  }

  async #renew(): Promise<void> {
    this.#http.distrust();
    const token = await this.#http.token();
    if (this.#stopped) return;
    if (token.ok) void this.#ask({ type: "renew", token: token.value });
    this.#renewIn(token.ok ? this.#http.expiresAt - Date.now() - RENEW_BEFORE_MS : AGAIN_MS);
  }

  #refused(code: number): void {
    const after = afterClose(code);
    if (after === "revoked" || (after === "sign_in" && Date.now() - this.#distrustedAt < STUBBORN_MS)) {
      this.stop();
      this.#events.signedOut(after === "revoked" ? "revoked" : "expired");
      return;
    }
    if (after === "sign_in") {
      this.#distrustedAt = Date.now();
      this.#http.distrust();
    }
    if (after === "upgrade") this.#events.upgrade();
    // Any other is final as long as nothing changes: a tab that comes to the front, or a network that does, is a change.
    if (after === "sign_in") this.#connectIn(0);
  }

  #schedule(): void {
    clearTimeout(this.#timers.tick);
    const at = this.#link.nextAt();
    if (at === null || this.#stopped) return;
    this.#timers.tick = setTimeout(() => this.#feed(() => this.#link.tick(now())), Math.max(0, (at - now()) * 1_000));
  }
}

function now(): number {
  return performance.now() / 1_000;
}
