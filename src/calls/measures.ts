import { wrapUpMaxSeconds } from "../agents/free-agents.ts";
import { teamFor } from "../callbacks/hours.ts";
import { type Group, groupsOf, type MeasuresAsked } from "../callbacks/measures.ts";
import type { Db } from "../db/client.ts";
import { asJson } from "../db/json.ts";

export interface InboundMeasures {
  readonly calls: number;
  readonly wanted: number;
  readonly answered: number;
  readonly answeredWithin: number;
  /** Of those who were answered or gave up. */
  readonly answeredWithinShare: number | null;
  readonly abandoned: number;
  readonly abandonedShare: number | null;
  readonly callbacks: number;
  readonly messages: number;
  readonly medianWaitSeconds: number | null;
  readonly medianHandleSeconds: number | null;
}

type Counted = Omit<InboundMeasures, "answeredWithinShare" | "abandonedShare">;

/** Who waits on the line for a person now. */
export async function waitingCallers(db: Db) {
  const [row] = await db.run(
    (sql) => sql<{ waiting: number; longest: number | null }[]>`
      select count(*)::int as waiting, extract(epoch from now() - min(waiting_since))::float8 as longest
      from calls where stage in ('waiting', 'choosing') and ended_at is null`,
  );
  return { waiting: row?.waiting ?? 0, longestWaitSeconds: row?.longest ?? null };
}

/** How the calls of customers to us went, in all and by what was asked for. */
export async function inboundMeasures(
  db: Db,
  { days, by, zone, hours, withinSeconds }: MeasuresAsked & { readonly withinSeconds: number },
): Promise<{ readonly all: InboundMeasures; readonly by: ReadonlyMap<string, InboundMeasures> }> {
  const languages = [...new Set(hours.teams.flatMap((team) => team.languages))];
  const teams = Object.fromEntries(languages.map((language) => [language, teamFor(hours, language).name]));
  const rows = await db.run((sql) => {
    const key = {
      day: sql`to_char(started_at at time zone ${zone}, 'YYYY-MM-DD')`,
      team: sql`coalesce(${sql.json(asJson(teams))}::jsonb ->> left(coalesce(locale, 'en'), 2), ${teamFor(hours, "").name})`,
      channel: sql`'voice'::text`,
      none: sql`null::text`,
    }[by ?? "none"];
    return sql<(Counted & Group)[]>`
      with handled as (
        select conference, sum(extract(epoch from least(coalesce(wrapped_at, ended_at),
          ended_at + ${wrapUpMaxSeconds} * interval '1 second') - joined_at)) as seconds
        from calls where leg = 'agent' and joined_at is not null and ended_at is not null
          and started_at > now() - make_interval(days => ${days}::int + 1)
        group by conference),
      timed as (
        select ${key} as key, person_wanted_at, person_at, came_to, handled.seconds as handle,
          extract(epoch from person_at - person_wanted_at) as wait
        from calls left join handled using (conference)
        where direction = 'inbound' and started_at > now() - make_interval(days => ${days}::int))
      select key, grouping(key) = 1 as total, count(*)::int as calls, count(person_wanted_at)::int as wanted,
        count(person_at)::int as answered, count(*) filter (where wait <= ${withinSeconds}::int)::int as "answeredWithin",
        count(*) filter (where came_to = 'abandoned')::int as abandoned,
        count(*) filter (where came_to = 'callback')::int as callbacks,
        count(*) filter (where came_to = 'message')::int as messages,
        (percentile_cont(0.5) within group (order by wait))::float8 as "medianWaitSeconds",
        (percentile_cont(0.5) within group (order by handle))::float8 as "medianHandleSeconds"
      from timed group by grouping sets ((), (key)) order by key`;
  });
  return groupsOf(rows, by, withShares);
}

function withShares(row: Counted): InboundMeasures {
  const served = row.answered + row.abandoned;
  return {
    ...row,
    answeredWithinShare: served === 0 ? null : row.answeredWithin / served,
    abandonedShare: row.wanted === 0 ? null : row.abandoned / row.wanted,
  };
}
