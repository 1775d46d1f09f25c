import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/mememoji/service/static",
    emptyOutDir: true,
    // light-dark() as it is, which browsers know since 2024.
    target: ["chrome123", "firefox120", "safari17.5"],
    // What is written into the page as data: URLs cannot be kept by browsers on its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside a running `mememoji serve`.
  server: { fs: { allow: [".."] }, proxy: { "/v1.0.0": { target: "http://127.0.0.1:8000", ws: true } } },
  test: { include: ["src/**/*.test.ts"] },
});
