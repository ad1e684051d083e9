import type { Db } from "../db/client.ts";
import { createSharedReads } from "../db/shared-reads.ts";

/** Enough to be typical, few enough to be of today. */
const episodesMax = 50;
/** Fewer tell nothing about the next one. */
const episodesMin = 5;
/** How old the usual handle time may be; the place is always of now. */
const refreshMs = 30_000;

export interface Wait {
  /** 1 is next. */
  readonly place: number;
  /** Null while too few episodes tell: better no number than an invented one. */
  readonly waitSeconds: number | null;
}

/** How long the customer at this place waits: each one before them, and their own turn to begin, takes as long as usual. Pure. */
export function estimateWaitSeconds(place: number, handleSeconds: readonly number[]): number | null {
  if (handleSeconds.length < episodesMin) return null;
  const sorted = [...handleSeconds].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
  return Math.round(place * median);
}

/** Tells customers who wait for a person where they stand; those who ask together share one look at the line. */
export function createWaitBoard(db: Db, now: () => number) {
  let handleSeconds: readonly number[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  const placeOf = createSharedReads((ids) => placesInLine(db, ids));
  return {
    /** Null: they do not wait. */
    async of(conversationId: string): Promise<Wait | null> {
      const place = await placeOf(conversationId);
      return place === undefined ? null : waitAt(place);
    },
    /** Of whoever joins the line now. */
    next: async (): Promise<Wait> => waitAt((await lengthOfLine(db)) + 1),
  };

  async function waitAt(place: number): Promise<Wait> {
    if (now() - readAt > refreshMs) {
      readAt = now();
      handleSeconds = await recentHandleSeconds(db);
    }
    return { place, waitSeconds: estimateWaitSeconds(place, handleSeconds) };
  }
}

async function lengthOfLine(db: Db): Promise<number> {
  const [row] = await db.run(
    (sql) => sql<{ waiting: number }[]>`
      select count(*)::int as waiting from conversations where status = 'open' and owner = 'queue'`,
  );
  return row?.waiting ?? 0;
}

/** Those who do not wait are left out. */
async function placesInLine(db: Db, conversationIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await db.run(
    (sql) => sql<{ id: string; place: number }[]>`
      select id, place from (
        select id, row_number() over (order by coalesce(waiting_since, created_at), id)::int as place
        from conversations where status = 'open' and owner = 'queue') line
      where id = any (${[...conversationIds]}::uuid[])`,
  );
  return new Map(rows.map(({ id, place }) => [id, place]));
}

/** From the moment an agent took it to its resolution, of the latest resolved episodes. */
async function recentHandleSeconds(db: Db): Promise<number[]> {
  const rows = await db.run(
    (sql) => sql<{ seconds: number }[]>`
      select extract(epoch from done.at - taken.at)::float8 as seconds
      from (select id, episode_from_seq from conversations where status = 'resolved'
        order by listed_at desc, id desc limit ${episodesMax}) c
      join lateral (select e.at, e.seq from events e
        where e.conversation_id = c.id and e.seq >= c.episode_from_seq and e.type = 'resolution'
        order by e.seq desc limit 1) done on true
      join lateral (select e.at from events e
        where e.conversation_id = c.id and e.seq >= c.episode_from_seq and e.seq < done.seq and e.type = 'assignment'
          and e.data->>'change' in ('claim', 'assign')
        order by e.seq limit 1) taken on true`,
  );
  return rows.map(({ seconds }) => seconds);
}
