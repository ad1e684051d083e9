import type { Db } from "../db/client.ts";

/** A promise is kept when the telephone rings so soon after its time. */
const keptWithinSeconds = 30;

/** How promised calls of the last days went, of those whose time has come. */
export async function callMeasures(db: Db, days: number) {
  const [row] = await db.run(
    (sql) => sql<
      {
        waiting: number;
        longestWaitSeconds: number | null;
        promised: number;
        kept: number;
        reached: number;
        abandoned: number;
        medianWaitSeconds: number | null;
        medianHandleSeconds: number | null;
      }[]
    >`
      with timed as (
        select state, connected_at, ended_at, first_rung_at,
          extract(epoch from first_rung_at - coalesce(wanted_at, asked_at)) as wait
        from callbacks where coalesce(wanted_at, asked_at) between now() - make_interval(days => ${days}::int) and now()),
      due as (
        select count(*)::int as waiting, extract(epoch from now() - min(due_at))::float as longest
        from callbacks where state in ('requested', 'due') and due_at <= now())
      select due.waiting, due.longest as "longestWaitSeconds", count(timed.state)::int as promised,
        count(*) filter (where wait <= ${keptWithinSeconds}::int)::int as kept,
        count(*) filter (where connected_at is not null)::int as reached,
        count(*) filter (where first_rung_at is null and state in ('cancelled', 'expired'))::int as abandoned,
        (percentile_cont(0.5) within group (order by wait) filter (where wait is not null))::float as "medianWaitSeconds",
        (percentile_cont(0.5) within group (order by extract(epoch from ended_at - connected_at)::float)
          filter (where connected_at is not null and ended_at is not null))::float as "medianHandleSeconds"
      from due left join timed on true group by due.waiting, due.longest`,
  );
  const { promised = 0, kept = 0, reached = 0 } = row ?? {};
  return {
    waiting: row?.waiting ?? 0,
    longestWaitSeconds: row?.longestWaitSeconds ?? null,
    promised,
    kept,
    keptShare: promised === 0 ? null : kept / promised,
    reached,
    reachedShare: promised === 0 ? null : reached / promised,
    abandoned: row?.abandoned ?? 0,
    medianWaitSeconds: row?.medianWaitSeconds ?? null,
    medianHandleSeconds: row?.medianHandleSeconds ?? null,
  };
}
