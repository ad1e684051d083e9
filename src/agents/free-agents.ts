import type { Sql, TransactionSql } from "../db/client.ts";
import { byFit, type Skills, type Wanted } from "./fit.ts";
import { seenForSeconds } from "./presence.ts";

/** A wrap-up that is forgotten keeps nobody from the next call for longer, and counts as work for no longer. */
export const wrapUpMaxSeconds = 600;

/** Agents `a` take calls, be they busy or not, and have a telephone that can ring: a number, or an inbox that stands open. */
export function onDuty(sql: Sql | TransactionSql) {
  return sql`a.presence in ('available', 'busy') and a.disabled_at is null and a.kind = 'person'
    and (a.phone is not null or a.open_at > now() - ${seenForSeconds} * interval '1 second')`;
}

/** Agents `a` who can take a call now: they are on duty, on no line, and noted what came of the last one. */
export function freeAgents(sql: Sql | TransactionSql, columns = sql`a.id`) {
  return sql`select ${columns} from agents a where ${onDuty(sql)} and a.presence = 'available'
    and not exists (select 1 from calls l where l.agent_id = a.id and l.ended_at is null)
    and not exists (select 1 from calls w where w.agent_id = a.id and w.leg = 'agent' and w.joined_at is not null
      and w.wrapped_at is null and w.ended_at > now() - ${wrapUpMaxSeconds} * interval '1 second')`;
}

export function freeSkills(sql: Sql | TransactionSql) {
  return freeAgents(sql, sql`a.id, a.languages, a.team`);
}

/** Of the free agents `a` of whom this holds, the one who fits the customer best; of several, who waits longest. */
export async function bestFree(
  sql: TransactionSql,
  which: ReturnType<typeof onDuty>,
  wanted: Wanted,
): Promise<string | null> {
  const free = await sql<(Skills & { id: string })[]>`${freeSkills(sql)} and ${which}
    order by (select max(c.ended_at) from calls c where c.agent_id = a.id) nulls first, a.id`;
  return byFit(free, wanted)[0]?.id ?? null;
}

/** One after the other, and the next statement sees what the one before committed: nobody gets two calls at once. */
export async function oneAgentAtATime(sql: TransactionSql): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('callbacks'), hashtext('free-agent'))`;
}
