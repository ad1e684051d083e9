import type { TransactionSql } from "../db/client.ts";
import type { Stage } from "./stage.ts";
import { type LiveCall, lockLiveCall } from "./store.ts";

/**
 * The customer's line of a promised call is one like a caller's own from now on: it asks what comes next, people are
 * looked for, the assistant may have it. Whoever is in the call or rings for it follows. Null: the customer is not on it.
 */
export async function makeLive(sql: TransactionSql, conference: string, stage: Stage): Promise<LiveCall | null> {
  const [line] = await sql<{ id: string }[]>`
    update calls l set stage = coalesce(l.stage, ${stage}), conference = l.id, agent_id = null,
      locale = coalesce(l.locale, k.locale)
    from callbacks k
    where l.conference = ${conference} and l.leg = 'customer' and l.callback_id = k.id and l.joined_at is not null
      and l.ended_at is null
    returning l.id`;
  if (line === undefined) return null;
  await sql`update calls set conference = ${line.id} where conference = ${conference} and ended_at is null`;
  await sql`update offers set conference = ${line.id} where conference = ${conference} and state in ('open', 'taken', 'joined')`;
  return lockLiveCall(sql, { id: line.id });
}
