import { fileURLToPath } from "node:url";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  cacheDir: here("../node_modules/.vite"),
  plugins: [svelte({ configFile: here("svelte.config.js") })],
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "safari16.4",
    // The content security policy allows no data: URL and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The Voice SDK is one chunk of its own, loaded when a seat is taken.
    chunkSizeWarningLimit: 700,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
