/** What goes over HTTP: access for this device, lists and people. The access token lives here, in the worker's memory only. */

import { OFFLINE, done, refusalOf, refused } from "./answer.ts";
import type { Answer, Session } from "./port.ts";
import type { Conversation, ConversationId, Conversations, Credentials, LogIn, Problem, SignUp, UserId, Users } from "./protocol/types.ts";

const ANSWER_WITHIN_MS = 10_000;
/** A token is renewed when it has less than this left. */
const MARGIN_MS = 60_000;
/** The server answers four reads of a device at once; one is left to the line. */
const AT_ONCE = 3;
/** Most asks that wait for their turn; beyond it one is refused as the server would refuse it. */
const WAITING = 100;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Make an account, or a device of an existing one. */
export async function signIn(path: "sign-up" | "log-in", body: SignUp | LogIn): Promise<Answer<Credentials>> {
  return call<Credentials>("POST", `/v1/auth/${path}`, null, body);
}

export class Http {
  readonly session: Session;
  #token: string | null = null;
  #expiresAt = 0;
  #asking = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(session: Session, credentials: Credentials | null) {
    this.session = session;
    if (credentials !== null) this.#keep(credentials);
  }

  /** When the present token ends, in ms since 1970. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** Return a token with some life left. One tab at a time renews: a rotated cookie used twice would end the session. */
  async token(): Promise<Answer<string>> {
    if (this.#token !== null && Date.now() < this.#expiresAt - MARGIN_MS) return done(this.#token);
    const renew = (): Promise<Answer<Credentials>> => call("POST", "/v1/auth/refresh", null, { device_id: this.session.device_id });
    const locks = (navigator as { locks?: LockManager }).locks;
    const renewed = await (locks === undefined ? renew() : locks.request(`seriatim-refresh:${this.session.device_id}`, renew));
    if (!renewed.ok) return renewed;
    this.#keep(renewed.value);
    return done(renewed.value.access_token);
  }

  /** The server refused the token: the next call renews it. */
  distrust(): void {
    this.#token = null;
  }

  async logOut(): Promise<Answer<unknown>> {
    return this.ask("POST", "/v1/auth/log-out");
  }

  async logOutEverywhere(): Promise<Answer<unknown>> {
    return this.ask("POST", "/v1/auth/log-out-everywhere");
  }

  async conversation(id: ConversationId): Promise<Answer<Conversation>> {
    return this.ask("GET", `/v1/conversations/${id}`);
  }

  async conversations(cursor: string | null, limit: number): Promise<Answer<Conversations>> {
    return this.ask("GET", `/v1/conversations?limit=${limit}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
  }

  async usersById(ids: readonly UserId[]): Promise<Answer<Users>> {
    return this.ask("GET", `/v1/users?ids=${ids.join(",")}`);
  }

  /** Ask with a good token, when it is this ask's turn; a token that has expired meanwhile is renewed. */
  async ask<Value>(method: Method, path: string, body: unknown = null): Promise<Answer<Value>> {
    if (this.#waiting.length >= WAITING) return refused("rate_limited", "too many asks wait");
    while (this.#asking >= AT_ONCE) await new Promise<void>((turn) => this.#waiting.push(turn));
    this.#asking += 1;
    try {
      return await this.#ask<Value>(method, path, body);
    } finally {
      this.#asking -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #ask<Value>(method: Method, path: string, body: unknown): Promise<Answer<Value>> {
    const token = await this.token();
    if (!token.ok) return token;
    const answer = await call<Value>(method, path, token.value, body);
    if (answer.ok || answer.error.code !== "token_expired") return answer;
    this.distrust();
    const fresh = await this.token();
    return fresh.ok ? call<Value>(method, path, fresh.value, body) : fresh;
  }

  #keep(credentials: Credentials): void {
    this.#token = credentials.access_token;
    this.#expiresAt = Date.parse(credentials.expires_at);
  }
}

async function call<Value>(method: Method, path: string, token: string | null, body: unknown): Promise<Answer<Value>> {
  const headers: Record<string, string> = { "X-Seriatim-Client": "web" };
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  if (body !== null) headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(path, {
      method,
      headers,
      ...(body !== null && { body: JSON.stringify(body) }),
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    if (response.ok) return done((text === "" ? {} : JSON.parse(text)) as Value);
    return problem(response.status, text);
  } catch {
    return OFFLINE;
  }
}

function problem<Value>(status: number, text: string): Answer<Value> {
  try {
    const found = JSON.parse(text) as Partial<Problem>;
    if (typeof found.code === "string") return { ok: false, error: refusalOf(found as Problem) };
  } catch {
    // A proxy's page, not the server's answer.
  }
  return status >= 500 ? OFFLINE : refused("bad_request", `the server answered ${status}`);
}
