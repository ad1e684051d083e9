import type { Db } from "../db/client.ts";

const pageMax = 500;

/** Events of all conversations, in an order that no late commit can slip behind. */
export interface FeedPage {
  /** Give this back to continue. */
  readonly position: string;
  /** This page is full: read again at once. */
  readonly more: boolean;
  readonly events: readonly {
    readonly conversationId: string;
    readonly seq: number;
    readonly type: string;
    readonly actor: string;
    readonly at: Date;
  }[];
}

/**
 * Which of these conversations have events at or beyond a position: committed, and held back from the feed because some
 * transaction, of whichever database of this server, began before them and is still open.
 */
export async function heldBack(db: Db, position: string, conversationIds: readonly string[]): Promise<string[]> {
  if (conversationIds.length === 0) return [];
  const rows = await db.run(
    (sql) => sql<{ id: string }[]>`select distinct conversation_id as id from events
      where xid >= ${position}::xid8 and conversation_id = any(${[...conversationIds]}::uuid[])`,
  );
  return rows.map(({ id }) => id);
}

/**
 * What happened in all conversations since a position (null: from now on). A position is a transaction horizon: every
 * transaction below it has ended, so an event that commits late still lies ahead of every reader.
 */
export async function readFeed(db: Db, after: string | null): Promise<FeedPage> {
  return db.run(async (sql) => {
    const [now] = await sql<{ horizon: string }[]>`select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`;
    const horizon = now?.horizon ?? "0";
    if (after === null) return { position: horizon, more: false, events: [] };
    const rows = await sql<(FeedPage["events"][number] & { xid: string })[]>`
      select conversation_id as "conversationId", seq, type, actor, at, xid::text as xid from events
      where xid >= ${after}::xid8 and xid < ${horizon}::xid8 order by xid, conversation_id, seq limit ${pageMax + 1}`;
    if (rows.length <= pageMax)
      return { position: horizon, more: false, events: rows.map(({ xid: _, ...event }) => event) };
    // A full page ends between two transactions; clients ignore what they have already by seq.
    const last = rows[pageMax]?.xid ?? horizon;
    const whole = rows.filter((row) => row.xid !== last);
    // One transaction larger than a page: its rest is left to the clients' own catch-up by seq.
    const kept = whole.length > 0 ? whole : rows;
    const next = whole.length > 0 ? last : (BigInt(last) + 1n).toString();
    return { position: next, more: true, events: kept.map(({ xid: _, ...event }) => event) };
  });
}
