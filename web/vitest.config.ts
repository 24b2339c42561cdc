/** Runs the core's tests in Node: they live beside what they test. */

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// "browser": the reactive half of Svelte, not the one that renders strings.
export default defineConfig({
  plugins: [svelte()],
  resolve: { conditions: ["browser"] },
  test: { include: ["src/**/*.test.ts", "tests/**/*.test.ts"], environment: "node", setupFiles: ["tests/english.ts"], testTimeout: 60_000 },
});
