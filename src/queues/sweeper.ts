import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";

/** R6: nothing is stuck in silence; a lost bell costs at most this long. */
const everyMs = 2_000;
/** Younger work still has its bell on the way. */
const graceMs = 1_500;
const batchMax = 500;

/**
 * Looks into PostgreSQL for open work and has it done, and does the small chores that are due by the clock alone. One that
 * fails holds up no other.
 */
export function startSweeper(deps: {
  readonly db: Db;
  /** Has these conversations looked at, by whichever worker is free; where the queue is away, by this one. */
  readonly ring: (conversationIds: readonly string[]) => Promise<void>;
  /** Each run once a look, side by side in every worker: they must be safe to run so. */
  readonly chores?: readonly (() => Promise<void>)[];
  readonly log: Log;
}): { stop(): Promise<void> } {
  let current: Promise<void> | null = null;

  async function lookForWork(): Promise<void> {
    const rows = await deps.db.run((sql) => openWork(sql));
    if (rows.length === 0) return;
    deps.log.info({ component: "sweeper", count: rows.length }, "swept");
    await deps.ring(rows.map((row) => row.conversation_id));
  }

  async function sweep(): Promise<void> {
    for (const work of [lookForWork, ...(deps.chores ?? [])]) {
      await work().catch((error: unknown) => {
        deps.log.warn({ component: "sweeper", error }, "sweep-failed");
      });
    }
    current = null;
  }

  const timer = setInterval(() => {
    current ??= sweep();
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await current;
    },
  };
}

function openWork(sql: Parameters<Parameters<Db["run"]>[0]>[0]) {
  return sql<{ conversation_id: string }[]>`
    (select conversation_id from turns
      where state = 'open' and due_at < now() - ${graceMs} * interval '1 ms' and (lease_until is null or lease_until < now())
      order by due_at limit ${batchMax})
    union
    (select conversation_id from (
        -- Only the first of a conversation can be claimed.
        select distinct on (conversation_id) conversation_id, seq, due_at, again, lease_until, updated_at from deliveries
          where state in ('ready', 'sending', 'unknown') order by conversation_id, seq, piece) heads
      where (due_at < now() or again and has_newer(conversation_id, seq)) and (lease_until is null or lease_until < now())
        and updated_at < now() - ${graceMs} * interval '1 ms'
      order by due_at limit ${batchMax})
    union
    (select conversation_id from attachments
      where state = 'pending' and due_at < now() - ${graceMs} * interval '1 ms'
      order by due_at limit ${batchMax})`;
}
