import type { Db } from "../db/client.ts";
import type { Hours } from "../settings/hours.ts";

/** A promise is kept when the telephone rings so soon after its time. */
const keptWithinSeconds = 30;

export const groupings = ["day", "team", "channel"] as const;

export interface MeasuresAsked {
  readonly days: number;
  readonly by: (typeof groupings)[number] | null;
  /** Whose days. */
  readonly zone: string;
  readonly hours: Hours;
}

export interface CallbackMeasures {
  readonly promised: number;
  /** Promised for a time; the others were asked for as soon as possible. */
  readonly timed: number;
  /** Of those with a time: the telephone rang within 30 s of it. */
  readonly kept: number;
  readonly keptShare: number | null;
  readonly reached: number;
  readonly reachedShare: number | null;
  readonly abandoned: number;
  readonly medianWaitSeconds: number | null;
  readonly medianHandleSeconds: number | null;
}

type Counted = Omit<CallbackMeasures, "keptShare" | "reachedShare">;

/** Whose call is due and not placed yet. */
export async function waitingCallbacks(db: Db) {
  const [row] = await db.run(
    (sql) => sql<{ waiting: number; longest: number | null }[]>`
      select count(*)::int as waiting, extract(epoch from now() - min(due_at))::float8 as longest
      from callbacks where state in ('requested', 'due') and due_at <= now()`,
  );
  return { waiting: row?.waiting ?? 0, longestWaitSeconds: row?.longest ?? null };
}

/** How promised calls went, of those whose time has come: in all and by what was asked for. */
export async function callbackMeasures(
  db: Db,
  { days, by, zone }: MeasuresAsked,
): Promise<{ readonly all: CallbackMeasures; readonly by: ReadonlyMap<string, CallbackMeasures> }> {
  const rows = await db.run((sql) => {
    const key = {
      day: sql`to_char(coalesce(wanted_at, asked_at) at time zone ${zone}, 'YYYY-MM-DD')`,
      team: sql`coalesce(team, '')`,
      channel: sql`source`,
      none: sql`null::text`,
    }[by ?? "none"];
    return sql<(Counted & Group)[]>`
      with timed as (
        select ${key} as key, state, wanted_at, connected_at, ended_at, first_rung_at,
          extract(epoch from first_rung_at - coalesce(wanted_at, asked_at)) as wait
        from callbacks
        where coalesce(wanted_at, asked_at) between now() - make_interval(days => ${days}::int) and now())
      select key, grouping(key) = 1 as total, count(*)::int as promised,
        count(*) filter (where wanted_at is not null)::int as timed,
        count(*) filter (where wanted_at is not null and wait <= ${keptWithinSeconds}::int)::int as kept,
        count(*) filter (where connected_at is not null and state <> 'missed')::int as reached,
        count(*) filter (where first_rung_at is null and state in ('cancelled', 'expired'))::int as abandoned,
        (percentile_cont(0.5) within group (order by wait))::float8 as "medianWaitSeconds",
        (percentile_cont(0.5) within group (order by extract(epoch from ended_at - connected_at)))::float8
          as "medianHandleSeconds"
      from timed group by grouping sets ((), (key)) order by key`;
  });
  return groupsOf(rows, by, withShares);
}

/** A row of `grouping sets ((), (key))`. */
export interface Group {
  readonly key: string | null;
  /** Is it the one over everything? */
  readonly total: boolean;
}

/** The total and the groups of such a query, each finished. Throws when there is no total: the query is another one. */
export function groupsOf<Row extends Group, Done>(
  rows: readonly Row[],
  by: MeasuresAsked["by"],
  finish: (row: Omit<Row, keyof Group>) => Done,
): { readonly all: Done; readonly by: ReadonlyMap<string, Done> } {
  const done = rows.map(({ key, total, ...row }) => ({ key, total, value: finish(row) }));
  const all = done.find(({ total }) => total);
  if (all === undefined) throw new Error("The measures have no total.");
  const groups = by === null ? [] : done.filter(({ total }) => !total);
  return { all: all.value, by: new Map(groups.map(({ key, value }) => [key ?? "", value])) };
}

function withShares(row: Counted): CallbackMeasures {
  const { promised, timed, kept, reached } = row;
  return {
    ...row,
    keptShare: timed === 0 ? null : kept / timed,
    reachedShare: promised === 0 ? null : reached / promised,
  };
}
