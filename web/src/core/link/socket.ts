/** The WebSocket of one connection, as the link's driver sees it: frames of one turn come together, and it ends once. */

import { decode, encode } from "../protocol/frames.ts";
import { CLOSE_CODES, type AnyCommand, type ServerFrame } from "../protocol/types.ts";

const OPEN_WITHIN_MS = 10_000;
const SUBPROTOCOL = "seriatim.v1.json";
/** What a page may close with: its own codes, or the normal one. */
const OWN_CODES = 4_000;

export interface SocketEvents {
  opened(): void;
  frames(frames: readonly ServerFrame[]): void;
  /** Once, and not after `close`. */
  closed(code: number): void;
}

export class Socket {
  readonly #socket: WebSocket;
  #events: SocketEvents | null;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(url: string, events: SocketEvents) {
    this.#events = events;
    this.#socket = new WebSocket(url, SUBPROTOCOL);
    this.#timer = setTimeout(() => this.#end(1006), OPEN_WITHIN_MS);
    this.#socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#events?.opened();
    };
    this.#socket.onmessage = (event: MessageEvent<unknown>) => {
      const frames = typeof event.data === "string" ? decode(event.data) : null;
      if (frames === null) this.#end(CLOSE_CODES.UNSUPPORTED_DATA);
      else this.#events?.frames(frames);
    };
    this.#socket.onclose = (event) => this.#end(event.code);
  }

  send(frame: AnyCommand): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(frame));
  }

  /** End it without being told. */
  close(code: number): void {
    this.#events = null;
    clearTimeout(this.#timer);
    this.#socket.close(code >= OWN_CODES ? code : CLOSE_CODES.NORMAL);
  }

  #end(code: number): void {
    const events = this.#events;
    this.close(code);
    events?.closed(code);
  }
}
