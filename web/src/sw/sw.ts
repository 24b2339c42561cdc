/** The service worker: keeps the shell of one version for starting offline, and never touches the API. */

import { activate, answer, install, isShell, type Shell } from "./cache.ts";

declare const self: ServiceWorkerGlobalScope;

const shell: Shell = __SHELL__;

self.addEventListener("install", (event) => event.waitUntil(install(self.caches, shell)));
self.addEventListener("activate", (event) => event.waitUntil(activate(self.caches, shell)));
self.addEventListener("message", (event) => {
  if (event.data === "take over") event.waitUntil(self.skipWaiting());
});
self.addEventListener("fetch", (event) => {
  if (isShell(event.request, self.location.origin)) event.respondWith(answer(self.caches, shell, event.request));
});
