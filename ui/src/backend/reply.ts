// What a command of the desktop app comes back with.
import type { Error_ } from "./bindings";
import { BackendError } from "./index";

type Reply<T> = { status: "ok"; data: T } | { status: "error"; error: Error_ };

/** The value of a command that succeeded; else throws a `BackendError`. */
export async function value<T>(reply: Promise<Reply<T>>): Promise<T> {
  const settled = await reply;
  if (settled.status === "error") throw new BackendError(settled.error.code, settled.error.message);
  return settled.data;
}

/** Waits for a command that has no value. */
export async function done(reply: Promise<Reply<unknown>>): Promise<void> {
  await value(reply);
}
