/** The worker: joins store, link, outbox and tabs for one page. */

import type { ToPage, ToWorker } from "./port.ts";

declare const self: DedicatedWorkerGlobalScope;

self.onmessage = (event: MessageEvent<ToWorker>) => {
  const answer: ToPage = { id: event.data.id, answer: { ok: false, error: { code: "offline", message: "not built yet" } } };
  self.postMessage(answer);
};
