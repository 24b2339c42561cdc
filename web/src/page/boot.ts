/** Starts what a page needs before it draws: the one Trusted Types policy, the worker, and the service worker. */

import { openPort, type Channel, type Port } from "../core/port.ts";
import workerUrl from "../core/worker.ts?worker&url";

const SERVICE_WORKER = "/sw.js";

/** A newer version of the page that waits until the user agrees. */
export interface Updates {
  /** Called once when a new version is ready; `take` reloads into it. Returns what stops the listening. */
  onReady(listener: (take: () => void) => void): () => void;
}

interface ScriptUrls {
  createScriptURL(url: string): string;
}

/** Start the worker; every page calls this once. */
export function startWorker(): Port {
  const worker = new Worker(policy().createScriptURL(workerUrl), { type: "module", name: "seriatim" });
  const port = openPort(worker as Channel);
  for (const change of ["online", "offline"]) addEventListener(change, () => void port.ask("network", {}));
  return port;
}

/** Register the service worker, in built pages only: the development server has its own cache. */
export function startUpdates(): Updates {
  const listeners = new Set<(take: () => void) => void>();
  let take: (() => void) | null = null;
  if (import.meta.env.PROD && "serviceWorker" in navigator) {
    void register((ready) => {
      take = ready;
      for (const listener of listeners) listener(ready);
    });
  }
  return {
    onReady(listener) {
      listeners.add(listener);
      if (take !== null) listener(take);
      return () => listeners.delete(listener);
    },
  };
}

async function register(ready: (take: () => void) => void): Promise<void> {
  let registration: ServiceWorkerRegistration;
  try {
    registration = await navigator.serviceWorker.register(policy().createScriptURL(SERVICE_WORKER));
  } catch {
    return; // Without it the page works the same, only not when loaded offline.
  }
  // In every tab, whichever agreed: the parts that an older page loads later are there no more. Drafts are on disk.
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  const offer = (): void => {
    const waiting = registration.waiting;
    if (waiting === null || navigator.serviceWorker.controller === null) return;
    ready(() => waiting.postMessage("take over"));
  };
  offer();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
}

let made: ScriptUrls | null = null;

function policy(): ScriptUrls {
  made ??= trusted();
  return made;
}

function trusted(): ScriptUrls {
  const allowed = new Set([workerUrl, SERVICE_WORKER].map((url) => new URL(url, location.href).href));
  const rules: ScriptUrls = {
    createScriptURL(url) {
      const full = new URL(url, location.href).href;
      if (!allowed.has(full)) throw new TypeError(`not a script of this page: ${full}`);
      return full;
    },
  };
  const factory = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: ScriptUrls): ScriptUrls } }).trustedTypes;
  return factory?.createPolicy("seriatim", rules) ?? rules;
}
