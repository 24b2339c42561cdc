/** Put in by the build (vite.config.ts): which files the shell is made of, and a digest of them all. */
declare const __SHELL__: { readonly version: string; readonly files: readonly string[] };
