// Serves the built UI under the content security policy that the desktop app has.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { preview } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    address: string;
  }
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export default async function serve({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await preview({
    configFile: `${ROOT}/ui/vite.config.ts`,
    logLevel: "error",
    preview: { port: 0, host: "127.0.0.1", headers: { "content-security-policy": policy() } },
  });
  const address = server.resolvedUrls?.local[0];
  if (address === undefined) throw new Error("vite preview listens on loopback");
  provide("address", address);
  return () => server.close();
}

function policy(): string {
  const config = JSON.parse(readFileSync(`${ROOT}/tauri.conf.json`, "utf8")) as {
    app: { security: { csp: string } };
  };
  return config.app.security.csp;
}
