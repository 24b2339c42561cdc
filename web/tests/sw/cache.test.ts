/** The shell's cache: one version at a time, whole or not at all, and never anything of the API. */

import { beforeEach, expect, test } from "vitest";
import { activate, answer, install, isShell } from "../../src/sw/cache.ts";

const ORIGIN = "https://chat.example";
const SHELL = { version: "2", files: ["/index.html", "/assets/a.js"] };

/** Caches in memory, with the answers of a server that has `served`. */
class Caches {
  readonly kept = new Map<string, Map<string, string>>();
  served = new Map([["/index.html", "page 2"], ["/assets/a.js", "a"]]);

  async open(name: string): Promise<Cache> {
    const files = this.kept.get(name) ?? new Map<string, string>();
    this.kept.set(name, files);
    return {
      addAll: async (requests: readonly Request[]) => {
        const found = requests.map((request) => [path(request.url), this.served.get(path(request.url))] as const);
        if (found.some(([, text]) => text === undefined)) throw new TypeError("a file is missing");
        for (const [name, text] of found) files.set(name, text ?? "");
      },
      match: async (asked: Request | string) => {
        const text = files.get(path(typeof asked === "string" ? asked : asked.url));
        return text === undefined ? undefined : new Response(text);
      },
    } as unknown as Cache;
  }

  async keys(): Promise<string[]> {
    return [...this.kept.keys()];
  }

  async delete(name: string): Promise<boolean> {
    return this.kept.delete(name);
  }
}

function path(url: string): string {
  return new URL(url, ORIGIN).pathname;
}

let caches: Caches;

beforeEach(() => {
  caches = new Caches();
  const real = globalThis.Request;
  // Node has no page, and so no address that "/index.html" is relative to.
  globalThis.Request = class extends real {
    constructor(url: string, init?: RequestInit) {
      super(new URL(url, ORIGIN), init);
    }
  } as typeof Request;
  return () => {
    globalThis.Request = real;
  };
});

const storage = (): CacheStorage => caches as unknown as CacheStorage;

function asked(where: string, method = "GET"): boolean {
  return isShell({ method, url: new URL(where, ORIGIN).href }, ORIGIN);
}

test("only the page and its files are the shell's", () => {
  expect(["/", "/c/123", "/assets/a.js", "/icon.svg", "/v1x"].map((where) => asked(where))).toEqual([true, true, true, true, true]);
  expect(["/v1/conversations", "/v1", "/health", "/metrics", "https://other.example/a.js"].map((where) => asked(where))).toEqual(Array(5).fill(false));
  expect(asked("/", "POST")).toBe(false);
});

test("a navigation to any address is the page of this version", async () => {
  await install(storage(), SHELL);
  const request = { mode: "navigate", url: `${ORIGIN}/c/99` } as Request;
  expect(await (await answer(storage(), SHELL, request)).text()).toBe("page 2");
});

test("a shell that cannot be had whole is not taken", async () => {
  caches.served.delete("/assets/a.js");
  await expect(install(storage(), SHELL)).rejects.toThrow();
  expect(caches.kept.get("seriatim-shell-2")?.size).toBe(0);
});

test("the version that takes over deletes the others, and nothing that is not a shell", async () => {
  await caches.open("seriatim-shell-1");
  await caches.open("media");
  await install(storage(), SHELL);
  await activate(storage(), SHELL);
  expect((await caches.keys()).toSorted()).toEqual(["media", "seriatim-shell-2"]);
});
