/** Which requests the shell's cache answers, and with what: one cache for each version, the page's own files only. */

export interface Shell {
  readonly version: string;
  readonly files: readonly string[];
}

const PREFIX = "seriatim-shell-";
const PAGE = "/index.html";

/** Fetch every file of this version past the HTTP cache; fails as a whole, so that a shell is never half new. */
export async function install(caches: CacheStorage, shell: Shell): Promise<void> {
  const cache = await caches.open(PREFIX + shell.version);
  await cache.addAll(shell.files.map((file) => new Request(file, { cache: "reload" })));
}

/** Delete the shells of other versions; called when no page uses them any more. */
export async function activate(caches: CacheStorage, shell: Shell): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== PREFIX + shell.version);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Say whether a request is for the page or its files: everything of this origin but the API and health. */
export function isShell(request: Pick<Request, "method" | "url">, origin: string): boolean {
  const url = new URL(request.url);
  return request.method === "GET" && url.origin === origin && !/^\/(v1|m|health|metrics)(\/|$)/.test(url.pathname);
}

/** Answer from the cache; a navigation to any address is the page, and what is not of the shell goes to the network. */
export async function answer(caches: CacheStorage, shell: Shell, request: Request): Promise<Response> {
  const cache = await caches.open(PREFIX + shell.version);
  const found = await cache.match(request.mode === "navigate" ? PAGE : request);
  return found ?? fetch(request);
}
