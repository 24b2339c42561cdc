/** Commands that are written as `/name text`: a few of the page's own, all others are those of the bots that are here. */

import type { Answer, ConversationRow, SlashRow } from "../../core/port.ts";
import { places } from "../../locales/en/places.ts";
import { errorWords } from "../app/locale.ts";
import type { Chat } from "../state/chat.svelte.ts";

/** `send`: this is sent in its place. `done`: it is done, and perhaps something is to be said. `refused`: why, in words. */
export type Outcome =
  | { readonly type: "send"; readonly body: string }
  | { readonly type: "done"; readonly say: string }
  | { readonly type: "refused"; readonly why: string };

interface Called {
  readonly name: string;
  readonly text: string;
}

const CALL = /^\/([a-z][a-z0-9_-]*)(?:\s+([\s\S]*))?$/;

/** Return the command that a text is; null: it is none, as a path or a text with a blank before it. */
export function called(text: string): Called | null {
  const found = CALL.exec(text);
  return found?.[1] === undefined ? null : { name: found[1], text: (found[2] ?? "").trim() };
}

/** Return what can be called in a conversation: the page's own first. */
export async function commands(chat: Chat, conversation: ConversationRow): Promise<readonly SlashRow[]> {
  const own = Object.entries(places.commands).map(([name, { usage, description }]) => ({ name, usage, description }));
  const offered = await chat.port.ask("slash_commands", { conversation_id: conversation.conversation_id });
  const shown = own.filter(({ name }) => conversation.kind !== "direct" || name === "me" || name === "shrug");
  return offered.ok ? [...shown, ...offered.value.filter(({ name }) => !(name in places.commands))] : shown;
}

/** Do what is called. */
export async function call(chat: Chat, conversation: ConversationRow, { name, text }: Called): Promise<Outcome> {
  const { conversation_id } = conversation;
  switch (name) {
    case "me":
      return text === "" ? { type: "refused", why: places.commands["me"]?.usage ?? "" } : { type: "send", body: `*${text}*` };
    case "shrug":
      return { type: "send", body: `${text} ¯\\\\\\_(ツ)\\_/¯`.trim() };
    case "topic":
      return told(await chat.port.ask("set_settings", { conversation_id, topic: text }));
    case "invite":
      return invite(chat, conversation, text.replace(/^@/, ""));
    default: {
      const answer = await chat.port.ask("slash", { conversation_id, name, text });
      if (answer.ok) return { type: "done", say: answer.value.text === "" ? "" : places.commandSaid(answer.value.text) };
      const unknown = answer.error.code === "not_found" && answer.error.path === "$.name";
      return { type: "refused", why: unknown ? places.noCommand(name) : errorWords(answer.error) };
    }
  }
}

async function invite(chat: Chat, { conversation_id }: ConversationRow, name: string): Promise<Outcome> {
  const found = await chat.port.ask("search_users", { name });
  if (!found.ok) return told(found);
  const person = found.value.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (person === undefined) return { type: "refused", why: places.nobodyNamed(name) };
  return told(await chat.port.ask("invite", { conversation_id, user_ids: [person.user_id] }));
}

function told(answer: Answer<unknown>): Outcome {
  return answer.ok ? { type: "done", say: "" } : { type: "refused", why: errorWords(answer.error) };
}
