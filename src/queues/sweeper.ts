import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";

/** R6: nothing is stuck in silence; a lost bell costs at most this long. */
const everyMs = 2_000;
/** Younger work still has its bell on the way. */
const graceMs = 1_500;
const batchMax = 500;

/**
 * Looks into PostgreSQL for open work and rings again, and does the small chores that are due by the clock alone. Needs
 * no queue to look; survives every outage.
 */
export function startSweeper(deps: {
  readonly db: Db;
  readonly ring: (conversationId: string) => void;
  /** Each run once a look, side by side in every worker: they must be safe to run so. */
  readonly chores?: readonly (() => Promise<void>)[];
  readonly log: Log;
}): { stop(): Promise<void> } {
  let stopped = false;
  let current: Promise<void> = Promise.resolve();

  async function sweep(): Promise<void> {
    const rows = await deps.db.run((sql) => openWork(sql));
    for (const row of rows) deps.ring(row.conversation_id);
    if (rows.length > 0) deps.log.info({ component: "sweeper", count: rows.length }, "swept");
    for (const chore of deps.chores ?? []) await chore();
  }

  const timer = setInterval(() => {
    current = current
      .then(() => (stopped ? undefined : sweep()))
      .catch((error: unknown) => {
        deps.log.warn({ component: "sweeper", error }, "sweep-failed");
      });
  }, everyMs);
  return {
    async stop() {
      stopped = true;
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
    (select distinct conversation_id from deliveries
      where state in ('ready', 'sending', 'unknown') and due_at < now() and (lease_until is null or lease_until < now())
        and updated_at < now() - ${graceMs} * interval '1 ms'
      limit ${batchMax})
    union
    (select conversation_id from attachments
      where state = 'pending' and due_at < now() - ${graceMs} * interval '1 ms'
      order by due_at limit ${batchMax})`;
}
