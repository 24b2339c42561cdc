/** One started tab: its store, its copy, its place among the other tabs, and, while it leads, the leader. */

import { OFFLINE, done, refused } from "./answer.ts";
import { Leader } from "./leader.ts";
import type { Http } from "./http.ts";
import { Mirror } from "./mirror.ts";
import type { Answer, ConversationId, LinkState, Note, Session } from "./port.ts";
import type { Signal, Watching } from "./signals/types.ts";
import { deleteDisk, openDisk } from "./store/disk.ts";
import { isFull, type Batch, type Settled, type Store } from "./store/schema.ts";
import { Lead } from "./tabs/lead.ts";
import { Relay, type LeaderAsk, type Looking } from "./tabs/relay.ts";

const BEAT_MS = 500;
const LOOK_AGAIN_MS = 10_000;
/** A tab that did not say what it looks at for this long is gone. */
const LOOKED_MS = 25_000;
/** How often room is made for one write: each time a quarter of what may go. */
const ROUNDS = 3;

export class Desk {
  readonly session: Session;
  readonly http: Http;
  readonly mirror: Mirror;
  readonly open = new Set<ConversationId>();
  watching: Watching = { user_ids: [], active: true };
  readonly #note: (note: Note) => void;
  readonly #relay: Relay;
  readonly #lead: Lead;
  readonly #lookings = new Map<string, { readonly looking: Looking; readonly at: number }>();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #outcomes = new Map<string, (settled: Settled) => void>();
  readonly #watchers = new Set<() => void>();
  #store: Store;
  #leader: Leader | null = null;
  #term = 0;
  #retryAt: number | null = null;
  #writing: Promise<unknown> = Promise.resolve();
  #room: Promise<boolean> | null = null;
  #saidFull = false;
  #visible = true;
  #leaving = false;
  #ended = false;

  constructor(store: Store, mirror: Mirror, http: Http, note: (note: Note) => void) {
    this.session = mirror.session;
    this.http = http;
    this.mirror = mirror;
    this.#store = store;
    this.#note = note;
    const name = `seriatim:${this.session.user_id}`;
    const tab = String(crypto.getRandomValues(new Uint32Array(2)));
    this.#relay = new Relay(name, tab, {
      beat: (link, retryAt) => this.#heard(link, retryAt),
      changed: (batch) => this.#changed(batch),
      looking: (other, looking) => this.#looked(other, looking),
      asked: (ask) => (this.#leader === null ? null : this.#answer(this.#leader, ask)),
      devices: () => this.#note({ type: "devices" }),
      signal: (signal) => this.#note({ type: "signal", signal }),
      wake: () => this.#leader?.wake(),
      signedOut: (reason) => this.#signedOut(reason),
    });
    // A store of this tab alone needs no agreement with others.
    const locks = store.kind === "disk" ? (navigator as { locks?: LockManager }).locks : undefined;
    this.#lead = new Lead(name, locks, { won: () => void this.#won(), lost: () => this.#deposed() });
  }

  get store(): Store {
    return this.#store;
  }

  start(): void {
    this.#timers.push(setInterval(() => this.#beat(), BEAT_MS), setInterval(() => this.look(), LOOK_AGAIN_MS));
    this.#lead.start();
  }

  /** Write own commands and drafts: any tab may, at any time. Full: there is no room, and nothing was written. */
  async write(make: () => Batch): Promise<void> {
    try {
      await this.#commit(make, null);
    } catch (error) {
      // Another tab than the leader cannot go on in memory: it would transmit beside the leader.
      if (!isFull(error) || this.#leader === null) throw error;
      await this.#broken(error);
      await this.#commit(make, null);
    }
  }

  /** Have the leader do it, this tab's or another's. */
  ask(ask: LeaderAsk): Promise<Answer<unknown>> {
    if (this.#leader !== null) return this.#answer(this.#leader, ask);
    return this.mirror.link === "live" || this.mirror.link === "syncing" || ask.type === "read" ? this.#relay.ask(ask) : Promise.resolve(OFFLINE);
  }

  async #answer(leader: Leader, ask: LeaderAsk): Promise<Answer<unknown>> {
    if (ask.type !== "make_room") return leader.answer(ask);
    return (await this.#makeRoom()) ? done({}) : refused("too_large", "nothing more may leave this device");
  }

  /** Wait for what becomes of a command. */
  outcome(client_id: string): Promise<Settled> {
    return new Promise((resolve) => this.#outcomes.set(client_id, resolve));
  }

  /** Wait until something that changes becomes true, or the time is over. */
  until(isTrue: () => boolean, withinMs: number): Promise<boolean> {
    if (isTrue()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(result);
      };
      const look = (): void => {
        if (isTrue()) end(true);
      };
      const timer = setTimeout(() => end(false), withinMs);
      this.#watchers.add(look);
    });
  }

  visible(visible: boolean): void {
    this.#visible = visible;
    this.#lead.visible(visible);
    if (visible) this.#leader?.wake();
    this.look();
  }

  /** Have the leader connect, or test its connection, at once. */
  wake(): void {
    this.#leader?.wake();
    this.#relay.tell({ type: "wake" });
  }

  /** Say what this tab looks at. */
  look(): void {
    const looking = { ...this.watching, ids: [...this.open], visible: this.#visible };
    this.#looked(this.#relay.tab, looking);
    this.#relay.tell({ type: "looking", tab: this.#relay.tab, looking });
  }

  /** Tell every tab. */
  signal(signal: Signal): void {
    this.#note({ type: "signal", signal });
    this.#relay.tell({ type: "signal", signal });
  }

  /** The user ends the session: once the server knows, all tabs stop, and what this browser holds goes. */
  async leave(tell: () => Promise<Answer<unknown>>): Promise<Answer<Record<never, never>>> {
    this.#leaving = true;
    const told = await tell();
    this.#leaving = told.ok || told.error.code === "unauthenticated"; // somebody else ended it before
    if (!told.ok && !this.#leaving) return told;
    this.#relay.tell({ type: "signed_out", reason: "logged_out" });
    this.end();
    if (this.#store.kind === "disk") await deleteDisk(this.session.user_id);
    return done({});
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#leader?.stop();
    this.#leader = null;
    this.#lead.end();
    this.#relay.close();
    this.#store.close();
  }

  async #commit(make: () => Batch | null, term: number | null): Promise<void> {
    for (let round = 0; ; round += 1) {
      try {
        return await this.#attempt(make, term);
      } catch (error) {
        if (!isFull(error) || round === ROUNDS || !(await this.#makeRoom())) throw error;
      }
    }
  }

  /** Let old bodies go, or have the leader do it; false: there is nothing to go. Writes that fail together make room once. */
  #makeRoom(): Promise<boolean> {
    this.#room ??= this.#letGo().finally(() => {
      this.#room = null;
    });
    return this.#room;
  }

  async #letGo(): Promise<boolean> {
    if (this.#leader === null) return (await this.#relay.ask({ type: "make_room" })).ok;
    const looked = [...this.#lookings.values()].flatMap(({ looking }) => looking.ids);
    const make = await this.#leader.room(new Set(looked));
    if (make === null) return false;
    await this.#attempt(make, this.#term);
    return true;
  }

  /** One after another: each batch is made from what the one before has left. */
  #attempt(make: () => Batch | null, term: number | null): Promise<void> {
    const write = async (): Promise<void> => {
      const batch = make();
      if (batch === null || this.#ended) return;
      await this.#store.write(batch, term);
      this.#changed(batch);
      this.#relay.tell({ type: "change", batch });
    };
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => undefined);
    return written;
  }

  #changed(batch: Batch): void {
    for (const note of this.mirror.change(batch, this.open)) this.#note(note);
    for (const settled of batch.settled ?? []) {
      this.#outcomes.get(settled.client_id)?.(settled);
      this.#outcomes.delete(settled.client_id);
    }
    this.#leader?.changed(batch);
    if (batch.evicted !== undefined) this.#letGone();
    this.#look();
  }

  /** Say once that this device does not keep everything; without a disk the user knows already. */
  #letGone(): void {
    if (this.#saidFull || this.#store.kind === "memory") return;
    this.#saidFull = true;
    this.#note({ type: "storage", storage: "disk", reason: "full" });
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }

  async #won(): Promise<void> {
    try {
      this.#term = await this.#store.lead();
      this.mirror.load(await this.#store.load());
    } catch (error) {
      void this.#broken(error);
      return;
    }
    if (!this.#ended) this.#begin();
  }

  #begin(): void {
    const term = this.#term;
    this.#leader = new Leader(this.http, this.#store, this.mirror, {
      commit: (make) => this.#commit(make, term),
      link: (link, retryAt) => {
        this.#linked(link, retryAt);
        this.#beat();
      },
      devices: () => {
        this.#note({ type: "devices" });
        this.#relay.tell({ type: "devices" });
      },
      signal: (signal) => this.signal(signal),
      signedOut: (reason) => {
        this.#relay.tell({ type: "signed_out", reason });
        this.#signedOut(reason);
      },
      upgrade: () => this.#note({ type: "upgrade" }),
      broken: (error) => void this.#broken(error),
    });
    this.#leader.start();
    this.#focus();
    this.#note({ type: "conversations", changed: this.mirror.rows(), removed: [] });
  }

  #deposed(): void {
    this.#leader?.stop();
    this.#leader = null;
  }

  /** The disk refuses: go on in memory with what must not be lost, and say so. */
  async #broken(error: unknown): Promise<void> {
    if (this.#ended) return;
    this.#deposed();
    const { mirror } = this;
    const kept = { people: [...mirror.people.values()], outbox: [...mirror.outbox.values()], drafts: [...mirror.drafts.values()] };
    this.#store = await memory();
    this.#note({ type: "storage", storage: "memory", reason: error instanceof Error ? error.name : "unknown" });
    for (const conversation_id of this.open) this.#note({ type: "reopen", conversation_id });
    await this.#store.write({ meta: { self: this.session }, ...kept }, null);
    await this.#won();
  }

  #beat(): void {
    if (this.#leader !== null) this.#relay.tell({ type: "beat", link: this.mirror.link, retry_at: this.#retryAt });
  }

  #heard(link: LinkState, retryAt: number | null): void {
    this.#lead.heard();
    if (this.#leader === null) this.#linked(link, retryAt);
  }

  #linked(link: LinkState, retryAt: number | null): void {
    if (link === this.mirror.link && retryAt === this.#retryAt) return;
    this.mirror.link = link;
    this.#retryAt = retryAt;
    this.#note({ type: "link", state: link, retry_at: retryAt });
    // What is queued is under way with a connection, and waits without one.
    for (const conversation_id of this.open) {
      const rows = this.mirror.pending(conversation_id);
      if (rows.length > 0) this.#note({ type: "rows", conversation_id, rows, changed: [], removed: [] });
    }
    this.#look();
  }

  #looked(tab: string, looking: Looking): void {
    this.#lookings.set(tab, { looking, at: Date.now() });
    this.#focus();
  }

  /** What any visible tab looks at is fetched first and repaired by every heartbeat. */
  #focus(): void {
    const now = Date.now();
    for (const [tab, { at }] of this.#lookings) if (now - at > LOOKED_MS) this.#lookings.delete(tab);
    const seen = [...this.#lookings.values()].filter(({ looking }) => looking.visible);
    const ids = new Set(seen.flatMap(({ looking }) => looking.ids));
    const users = new Set(seen.flatMap(({ looking }) => looking.user_ids));
    this.#leader?.look([...ids], [...users], seen.some(({ looking }) => looking.active));
  }

  #signedOut(reason: "expired" | "revoked" | "logged_out"): void {
    // The server closes this device's socket before it answers the log-out: the data is still to be deleted.
    if (this.#ended || this.#leaving) return;
    this.end();
    this.#note({ type: "signed_out", reason });
  }
}

/** Open this account's store on disk, or in memory where there is no disk or no lock to share it by. */
export async function openStore(session: Session, lost: () => void): Promise<Store> {
  const shares = "locks" in navigator && "indexedDB" in self && "BroadcastChannel" in self;
  try {
    return shares ? await openDisk(session.user_id, lost) : await memory();
  } catch {
    return memory();
  }
}

async function memory(): Promise<Store> {
  const { Memory } = await import("./store/memory.ts");
  return new Memory();
}
