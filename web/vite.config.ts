import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/mememoji/service/static",
    emptyOutDir: true,
    // The first versions with light-dark(), which is then not transpiled.
    target: ["chrome123", "firefox120", "safari17.5"],
    // Browsers cannot cache assets that are inlined as data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` needs a running `mememoji serve`.
  server: { fs: { allow: [".."] }, proxy: { "/v1.0.0": { target: "http://127.0.0.1:8000", ws: true } } },
  test: { include: ["src/**/*.test.ts"] },
});
