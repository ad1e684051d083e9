import type { Log } from "../lib/log.ts";

/** One job carries so many conversation ids at most: a worker drains a mailbox, not a message. */
const idsPerJob = 64;

export interface Bell {
  /** Says "look at this conversation's open work". Losing one loses nothing: the sweeper rings again. */
  ring(conversationId: string, delayMs?: number): void;
  close(): Promise<void>;
}

export interface BellJob {
  readonly conversationIds: readonly string[];
}

/** Collects bells and rings them together, one bulk add under way at a time; what arrives meanwhile goes with the next. */
export function createBell(deps: {
  readonly addBulk: (jobs: readonly BellJob[]) => Promise<void>;
  readonly log: Log;
}): Bell {
  const waiting = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let ringing: Promise<void> | null = null;

  async function flush(): Promise<void> {
    while (waiting.size > 0) {
      const ids = [...waiting];
      waiting.clear();
      const jobs: BellJob[] = [];
      for (let at = 0; at < ids.length; at += idsPerJob) jobs.push({ conversationIds: ids.slice(at, at + idsPerJob) });
      await deps.addBulk(jobs).catch((error: unknown) => {
        deps.log.warn({ component: "bell", count: ids.length, error }, "bell-not-rung");
      });
    }
    ringing = null;
  }

  function ringNow(conversationId: string): void {
    waiting.add(conversationId);
    if (ringing === null) ringing = new Promise<void>((done) => setImmediate(done)).then(flush);
  }

  return {
    ring(conversationId, delayMs = 0) {
      if (delayMs <= 0) return ringNow(conversationId);
      const timer = setTimeout(() => {
        timers.delete(timer);
        ringNow(conversationId);
      }, delayMs + 1);
      timers.add(timer);
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await ringing;
    },
  };
}
