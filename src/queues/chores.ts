import type { Log } from "../lib/log.ts";

/** What chores remove is hours or days old; nobody waits for them. */
const everyMs = 10 * 60_000;

/** Does the housekeeping now and then, one thing after the other; what fails is tried again the next time. */
export function startChores(chores: readonly (() => Promise<unknown>)[], log: Log): { stop(): Promise<void> } {
  let current: Promise<void> = Promise.resolve();

  async function doAll(): Promise<void> {
    for (const chore of chores) {
      await chore().catch((error: unknown) => log.warn({ component: "chores", error }, "chore-failed"));
    }
  }

  const timer = setInterval(() => {
    current = current.then(doAll);
  }, everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await current;
    },
  };
}
