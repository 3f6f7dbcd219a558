import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { playwright } from "@vitest/browser-playwright";
import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";

import { chromiumLaunch } from "../tests/ui/chromium.ts";
import viteConfig from "./vite.config.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the components import, named before the first test: Vite would find it late and reload under a test. */
function componentImports(): string[] {
  const sources = readdirSync(here("src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".svelte"),
  );
  const imports = sources.flatMap((path) =>
    [...readFileSync(here(`src/${path}`), "utf8").matchAll(/from "(@lucide[^"]+|bits-ui)"/g)].map(
      ([, name]) => name ?? "",
    ),
  );
  return [...new Set(imports)];
}

export default mergeConfig(
  viteConfig,
  defineConfig({
    optimizeDeps: { include: [...componentImports(), "@twilio/voice-sdk"] },
    test: {
      include: ["src/**/*.test.ts"],
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: chromiumLaunch() }),
        instances: [{ browser: "chromium" }],
      },
    },
  }),
);
