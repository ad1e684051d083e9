import type { Log } from "../lib/log.ts";

/** One job carries so many conversation ids at most: a worker drains a mailbox, not a message. */
const idsPerJob = 64;

export interface Bell {
  /** Says "look at everything open in this conversation". Losing one loses nothing: the sweeper rings again. */
  ring(conversationId: string): void;
  /** Says "a customer waits for an answer here", which is all there is to look at; rung after `delayMs`. */
  ringTurn(conversationId: string, delayMs: number): void;
  close(): Promise<void>;
}

export interface BellJob {
  /** Conversations with a turn to answer. */
  readonly turns: readonly string[];
  /** Conversations with anything open: a turn, a delivery, a file to fetch. */
  readonly open: readonly string[];
}

/** Collects bells and rings them together, one bulk add under way at a time; what arrives meanwhile goes with the next. */
export function createBell(deps: {
  readonly addBulk: (jobs: readonly BellJob[]) => Promise<void>;
  readonly log: Log;
}): Bell {
  const turns = new Set<string>();
  const open = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let ringing: Promise<void> | null = null;

  async function flush(): Promise<void> {
    while (turns.size + open.size > 0) {
      const jobs = [...inJobs(drain(turns), (ids) => ({ turns: ids, open: [] })), ...openJobs(drain(open))];
      await deps.addBulk(jobs).catch((error: unknown) => {
        deps.log.warn({ component: "bell", count: jobs.length, error }, "bell-not-rung");
      });
    }
    ringing = null;
  }

  function ringNow(bells: Set<string>, conversationId: string): void {
    bells.add(conversationId);
    if (ringing === null) ringing = new Promise<void>((done) => setImmediate(done)).then(flush);
  }

  return {
    ring: (conversationId) => ringNow(open, conversationId),
    ringTurn(conversationId, delayMs) {
      if (delayMs <= 0) return ringNow(turns, conversationId);
      const timer = setTimeout(() => {
        timers.delete(timer);
        ringNow(turns, conversationId);
      }, delayMs + 1);
      timers.add(timer);
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await ringing;
    },
  };
}

function drain(bells: Set<string>): string[] {
  const ids = [...bells];
  bells.clear();
  return ids;
}

/** Bells about anything open in these conversations, a mailbox each. */
export function openJobs(ids: readonly string[]): BellJob[] {
  return inJobs(ids, (some) => ({ turns: [], open: some }));
}

function inJobs(ids: readonly string[], toJob: (ids: readonly string[]) => BellJob): BellJob[] {
  const jobs: BellJob[] = [];
  for (let at = 0; at < ids.length; at += idsPerJob) jobs.push(toJob(ids.slice(at, at + idsPerJob)));
  return jobs;
}
