const PATIENCE_MS = 20_000;
const PAUSE_MS = 100;

/** Asks until the answer is truthy and gives it. */
export async function until(what, ask) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`it never came to be that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
