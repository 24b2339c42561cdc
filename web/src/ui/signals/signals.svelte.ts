/** What the page knows of the present moment: who is here, who types, who has read; told by the worker, and nowhere kept. */

import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import type { ConversationId, Note, OwnPresence, PresenceRow, PresenceTold, UserId } from "../../core/port.ts";
import type { Chat } from "../state/chat.svelte.ts";
import { Fresh } from "../state/fresh.ts";
import { Activity } from "./activity.ts";
import { Badge } from "./badge.svelte.ts";
import Dot from "./Dot.svelte";
import Marks from "./Marks.svelte";
import { ReadBy } from "./receipts/receipts.svelte.ts";
import Self from "./Self.svelte";
import Status from "./Status.svelte";
import Ticks from "./receipts/Ticks.svelte";
import { Typists } from "./typing/typists.svelte.ts";

/** What comes onto the screen and leaves it while one scrolls is told when it rests. */
const REST_MS = 300;
/** A line that is back sooner than this has nothing of what is shown put in doubt. */
const DOUBT_MS = 10_000;
/** Most people whose presence is asked for; the server takes 100 of them and of conversations together. */
const MOST = 99;
const MINUTE_MS = 60_000;

export class Signals {
  readonly Dot = Dot;
  readonly Marks = Marks;
  readonly Self = Self;
  readonly Status = Status;
  readonly Ticks = Ticks;
  readonly typists: Typists;
  readonly readBy: ReadBy;
  /** The last news of those on the screen; who is not in it is not known, which is not offline. */
  readonly people = new SvelteMap<UserId, PresenceRow>();
  /** How many are online in large conversations that are open. */
  readonly online = new SvelteMap<ConversationId, number>();
  /** How this user wants to look; null: not known yet. */
  own = $state.raw<Omit<OwnPresence, "change"> | null>(null);
  /** What is said until a time is looked at again every minute. */
  now = $state(Date.now());
  readonly #chat: Chat;
  /** How many places of the screen show somebody; the last that came is the last. */
  readonly #shown = new Map<UserId, number>();
  readonly #activity: Activity;
  readonly #fresh: Fresh;
  readonly #stops: (() => void)[];
  #rest: ReturnType<typeof setTimeout> | undefined;
  #doubt: ReturnType<typeof setTimeout> | undefined;

  constructor(chat: Chat) {
    this.#chat = chat;
    this.typists = new Typists(chat);
    this.readBy = new ReadBy(chat);
    this.#activity = new Activity(() => {
      this.#soon(0);
      this.#fresh.turned();
    });
    this.#fresh = new Fresh(chat, () => this.#activity.active && document.visibilityState === "visible");
    const minutes = setInterval(() => {
      this.now = Date.now();
      this.#fresh.stayed();
    }, MINUTE_MS);
    const turned = () => this.#fresh.turned();
    document.addEventListener("visibilitychange", turned);
    addEventListener("focus", turned);
    this.#stops = [
      chat.port.listen((note) => this.#hear(note)),
      () => clearInterval(minutes),
      () => document.removeEventListener("visibilitychange", turned),
      () => removeEventListener("focus", turned),
      () => this.#activity.stop(),
      $effect.root(() => {
        const badge = new Badge(chat);
        $effect(() => badge.show());
        $effect(() => {
          const id = chat.timeline?.conversation_id ?? null;
          const isLive = chat.link === "live";
          untrack(() => this.readBy.open(id, isLive));
        });
        $effect(() => {
          const isLive = chat.link === "live";
          void chat.openId;
          untrack(() => this.#linked(isLive));
        });
      }),
    ];
  }

  stop(): void {
    clearTimeout(this.#rest);
    clearTimeout(this.#doubt);
    for (const stop of this.#stops) stop();
    this.readBy.open(null, false);
  }

  /** Show somebody's presence as long as the component lives that calls this. */
  watch(user_id: () => UserId | null): void {
    $effect(() => {
      const id = user_id();
      if (id === null) return;
      untrack(() => {
        const places = this.#shown.get(id) ?? 0;
        this.#shown.delete(id);
        this.#shown.set(id, places + 1);
        if (places === 0) this.#soon();
      });
      return () => {
        const places = (this.#shown.get(id) ?? 1) - 1;
        if (places > 0) this.#shown.set(id, places);
        else if (this.#shown.delete(id)) this.#soon();
      };
    });
  }

  /** What somebody says of himself, as long as it holds. */
  textOf(user_id: UserId): string {
    const [, , , text, until] = this.people.get(user_id) ?? [0, "offline", null, "", null];
    return until === null || Date.parse(until) > this.now ? text : "";
  }

  #soon(ms = REST_MS): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => void this.#watch(), ms);
  }

  async #watch(): Promise<void> {
    const { openId } = this.#chat;
    const user_ids = [...this.#shown.keys()].slice(-MOST);
    const answer = await this.#chat.port.ask("watch", {
      user_ids,
      conversation_ids: openId === null ? [] : [openId],
      active: this.#activity.active,
    });
    if (answer.ok) this.#told(answer.value);
  }

  #linked(isLive: boolean): void {
    clearTimeout(this.#doubt);
    if (!isLive) {
      this.#doubt = setTimeout(() => {
        this.people.clear();
        this.online.clear();
      }, DOUBT_MS);
      return;
    }
    this.#soon(0);
    this.#fresh.turned();
    if (this.own === null) void this.#learn();
  }

  async #learn(): Promise<void> {
    const answer = await this.#chat.port.ask("my_presence", {});
    if (answer.ok) this.own = answer.value;
  }

  #hear(note: Note): void {
    if (note.type === "rows") {
      for (const row of note.rows) if (row.kind === "message" && row.seq !== null) this.typists.said(row);
    } else if (note.type === "signal") {
      const { signal } = note;
      if (signal.type === "presence") this.#told(signal);
      else if (signal.type === "typing") this.typists.told(signal);
      else if (signal.type === "watermarks") this.readBy.told(signal);
      else this.own = signal.what;
    }
  }

  #told({ rows = [], counts = {} }: PresenceTold): void {
    for (const row of rows) if (this.#shown.has(row[0])) this.people.set(row[0], row);
    for (const id of this.people.keys()) if (!this.#shown.has(id)) this.people.delete(id);
    for (const [id, count] of Object.entries(counts)) this.online.set(Number(id) as ConversationId, count);
  }
}
