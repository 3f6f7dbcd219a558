// Which Chromium the UI tests run, and how.
import { existsSync } from "node:fs";
import process from "node:process";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Launch options of Playwright: the system's browser, or the one that OFFHOOK_CHROMIUM names. */
export function chromiumLaunch(): { executablePath?: string; args: string[] } {
  const executablePath = process.env["OFFHOOK_CHROMIUM"] ?? CANDIDATES.find((path) => existsSync(path));
  // Chromium's sandbox refuses to run as root, as containers do; the pages under test are our own.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return executablePath === undefined ? { args } : { executablePath, args };
}
