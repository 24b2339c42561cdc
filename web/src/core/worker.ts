/** The worker of one page: signs in or starts the tab, then answers what the page asks. */

import { done, refused } from "./answer.ts";
import { handlers, started, type Handlers } from "./asks.ts";
import { Desk, openStore } from "./desk.ts";
import { Http, signIn } from "./http.ts";
import { Mirror } from "./mirror.ts";
import type { Answer, Input, Note, Session, Started, ToPage, ToWorker } from "./port.ts";
import type { Credentials } from "./protocol/types.ts";
import type { RestHandlers } from "./rest.ts";
import { isFull, type Loaded, type Store } from "./store/schema.ts";

declare const self: DedicatedWorkerGlobalScope;

let desk: Desk | null = null;
let answers: Handlers | null = null;

self.onmessage = (event: MessageEvent<ToWorker>) => void respond(event.data);

async function respond(message: ToWorker): Promise<void> {
  let answer: Answer<unknown>;
  try {
    answer = await answerTo(message);
  } catch (error) {
    // A disk that refuses, or a fault of ours: the page must not wait for ever.
    const fault = error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
    answer = isFull(error) ? { ok: false, error: { code: "quota_exceeded", reason: "device_full", message: fault } } : refused("internal", fault);
  }
  post({ id: message.id, answer });
}

async function answerTo(message: ToWorker): Promise<Answer<unknown>> {
  switch (message.name) {
    case "start":
      return start(message.input, null);
    case "sign_up":
      return enter("sign-up", message.input);
    case "log_in":
      return enter("log-in", message.input);
    default: {
      if (answers === null) return refused("unauthenticated", "this tab is not started");
      const handler = ((answers as Partial<Handlers & RestHandlers>)[message.name] ?? (await others())[message.name as keyof RestHandlers]) as (input: unknown) => Promise<Answer<unknown>>;
      const answer = await handler(message.input);
      if ((message.name === "log_out" || message.name === "log_out_everywhere") && answer.ok) leave();
      return answer;
    }
  }
}

/** Return what answers all other asks: nobody who only reads and writes needs it. */
async function others(): Promise<RestHandlers> {
  const { rest } = await import("./rest.ts");
  return rest(desk as Desk);
}

async function enter(path: "sign-up" | "log-in", input: Input<"sign_up"> | Input<"log_in">): Promise<Answer<Started>> {
  const { name, password, device_name } = input;
  const invitation = "invitation" in input ? { invitation: input.invitation } : {};
  const answer = await signIn(path, { name, password, device: { name: device_name, kind: "web" }, ...invitation });
  if (!answer.ok) return answer;
  const { user_id, device_id } = answer.value;
  return start({ user_id, device_id, name: answer.value.name }, answer.value);
}

async function start(session: Session, credentials: Credentials | null): Promise<Answer<Started>> {
  leave();
  const http = new Http(session, credentials);
  const store = await openStore(session, () => desk?.end());
  const loaded = await ready(store, http, session);
  if (!loaded.ok) {
    store.close();
    return loaded;
  }
  desk = new Desk(store, new Mirror(session, loaded.value), http, (note) => tell(note));
  answers = handlers(desk);
  const first = started(desk);
  desk.start();
  return done(first);
}

/** Read what is stored; a tab that has nothing yet must be let in by the server first. */
async function ready(store: Store, http: Http, session: Session): Promise<Answer<Loaded>> {
  const loaded = await store.load();
  if (loaded.meta.self?.device_id === session.device_id) return done(loaded);
  const token = await http.token();
  if (!token.ok) return token;
  await store.write({ meta: { self: session } }, null);
  return done(await store.load());
}

function leave(): void {
  desk?.end();
  desk = null;
  answers = null;
}

/** Notes of one turn leave after the answer that the page waits for, in order. */
function tell(note: Note): void {
  if (note.type === "signed_out") leave();
  post({ note });
}

function post(message: ToPage): void {
  self.postMessage(message);
}
