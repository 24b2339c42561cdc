/** The lists of what one keeps for later, as their screen shows them: what each entry says and what can be done with it. */

import type { Answer, KeptMessage, ScheduledRow } from "../../core/port.ts";
import { own } from "../../locales/en/own/own.ts";
import { errorWords } from "../app/locale.ts";
import type { Chat } from "../state/chat.svelte.ts";
import type { Act, Item } from "./Entry.svelte";
import { jump, toThread } from "./jump.ts";
import { when } from "./times.ts";

export type List = keyof typeof own.lists;

/** What is asked in a layer of its own. */
export interface Asked {
  readonly what: "time" | "text";
  readonly row: ScheduledRow;
}

export interface Screen {
  /** Something is being done: say these words once it is, and show what is left. */
  done(doing: Promise<Answer<unknown>>, words?: string): Promise<boolean>;
  /** The screen makes room for a message. */
  open(): void;
  ask(what: Asked): void;
}

/** So soon that nobody waits, and late enough for the way to the server. */
const SOON_MS = 2_000;

export async function list(chat: Chat, which: List, screen: Screen): Promise<Answer<readonly Item[]>> {
  switch (which) {
    case "mentions":
      return made(await chat.port.ask("mentions", {}), (one) => kept(chat, screen, one, when(one.at)));
    case "saved":
      return made(await chat.port.ask("saved", {}), (one) =>
        kept(chat, screen, one, when(one.at), [
          { label: own.unsave, do: () => void screen.done(chat.port.ask("unsave_message", { conversation_id: one.conversation_id, seq: one.seq })) },
        ]),
      );
    case "reminders":
      return made(await chat.port.ask("reminders", {}), (one) => ({
        ...kept(chat, screen, one, own.remindAt(when(one.at)), [
          {
            label: one.due ? own.dismiss : own.cancelReminder,
            do: () => void screen.done(chat.port.ask("dismiss_reminder", { reminder_id: one.reminder_id })),
          },
        ]),
        key: `${one.reminder_id}`,
        text: one.row === null ? own.notHere : "",
        alert: one.due ? own.due : "",
      }));
    case "scheduled":
      return made(await chat.port.ask("scheduled", {}), (one) => waiting(chat, screen, one));
    case "threads":
      return made(await chat.port.ask("followed_threads", {}), (one) => {
        const place = { conversation_id: one.conversation_id, thread_seq: one.seq };
        const open = (): void => {
          screen.open();
          void toThread(chat, one.conversation_id, one.seq);
        };
        return {
          ...kept(chat, screen, one, own.threadState(one.count, one.unread)),
          acts: [
            { label: own.openThread, do: open },
            { label: own.unfollow, do: () => void screen.done(chat.port.ask("follow_thread", { ...place, following: false })) },
          ],
        };
      });
    default:
      return which satisfies never;
  }
}

function made<From>(answer: Answer<readonly From[]>, item: (from: From) => Item): Answer<readonly Item[]> {
  return answer.ok ? { ok: true, value: answer.value.map(item) } : answer;
}

function kept(chat: Chat, screen: Screen, one: KeptMessage, at: string, acts: readonly Act[] = []): Item {
  const open = (): void => {
    screen.open();
    void jump(chat, one);
  };
  return {
    key: `${one.conversation_id} ${one.seq}`,
    conversation_id: one.conversation_id,
    row: one.row,
    text: one.row === null ? own.notReadable : "",
    when: at,
    alert: "",
    acts: [{ label: own.goTo, do: open }, ...acts],
  };
}

function waiting(chat: Chat, screen: Screen, row: ScheduledRow): Item {
  const { scheduled_id } = row;
  return {
    key: `${scheduled_id}`,
    conversation_id: row.conversation_id,
    row: null,
    text: row.body,
    when: own.sendAt(when(row.at)),
    alert: row.refused === null ? "" : own.refused(errorWords({ code: row.refused })),
    acts: [
      { label: own.sendNow, do: () => void screen.done(chat.port.ask("reschedule", { scheduled_id, at: Date.now() + SOON_MS }), own.sentSoon) },
      { label: own.changeTime, do: () => screen.ask({ what: "time", row }) },
      { label: own.editText, do: () => screen.ask({ what: "text", row }) },
      { label: own.cancelScheduled, do: () => void screen.done(chat.port.ask("cancel_scheduled", { scheduled_id })) },
    ],
  };
}
