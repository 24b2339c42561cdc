/** Builds the page, its worker and the service worker into the server's static folder; serves them for development. */

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const SERVER = "http://localhost:8000";
const PUBLIC = join(import.meta.dirname, "public");

/** Writes into sw.js which files the shell is made of, and a digest of them all: a changed file is a new service worker. */
function precache(): Plugin {
  return {
    name: "seriatim-precache",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("the build made no sw.js");
      const digest = createHash("sha256");
      const files: string[] = [];
      for (const file of Object.values(bundle).sort((a, b) => (a.fileName < b.fileName ? -1 : 1))) {
        if (file === worker || file.fileName.endsWith(".map")) continue;
        files.push(file.fileName);
        digest.update(file.fileName).update(file.type === "chunk" ? file.code : file.source);
      }
      for (const name of readdirSync(PUBLIC).sort()) {
        files.push(name);
        digest.update(name).update(readFileSync(join(PUBLIC, name)));
      }
      const shell = { version: digest.digest("hex").slice(0, 16), files: files.map((name) => `/${name}`) };
      worker.code = worker.code.replace("__SHELL__", JSON.stringify(shell));
    },
  };
}

/** Leaves of marked what makes tokens: the renderer, the parser and the instance of both are as heavy again, and nobody here calls them. */
function lexerOnly(): Plugin {
  return {
    name: "seriatim-lexer-only",
    apply: "build",
    transform(code, id) {
      if (!id.endsWith("marked/lib/marked.esm.js")) return null;
      const lexer = /([\w$]+) as Lexer\b/.exec(code)?.[1];
      const instance = /var ([\w$]+)=new [\w$]+;function [\w$]+\([\w$,]*\)\{return \1\.parse\(/.exec(code);
      if (lexer === undefined || instance === null) throw new Error("marked is built in another way: look at what it exports");
      return { code: `${code.slice(0, instance.index)}export{${lexer} as Lexer};`, map: null };
    },
  };
}

/** While it is made: the page from sample data under /sample, and every part of it under /styleguide. */
function sample(): Plugin {
  return {
    name: "seriatim-sample",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        if (/^\/(styleguide|sample)(\?|$)/.test(request.url ?? "")) request.url = "/src/ui/dev/index.html";
        next();
      });
    },
  };
}

export default defineConfig({
  plugins: [svelte({ compilerOptions: { fragments: "tree" } }), precache(), sample()],
  worker: { format: "es", plugins: () => [lexerOnly()] },
  build: {
    target: "es2022",
    outDir: "../src/seriatim/static",
    emptyOutDir: true,
    // The page names the styles of what it loads later, which must be there first, and leaves scripts to their imports: each name is weight.
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_file, names, { hostType }) => (hostType === "js" ? names.filter((name) => name.endsWith(".css")) : names),
    },
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { index: "index.html", sw: "src/sw/sw.ts" },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        // What the page begins with waits for its language, and is split by that into many files: it is wanted as one.
        codeSplitting: { groups: [{ name: "page", test: /src\/main\.ts$/ }] },
      },
    },
  },
  server: { proxy: { "/v1": { target: SERVER, ws: true }, "/health": SERVER } },
});
