import type { Db, TransactionSql } from "../db/client.ts";
import type { ReachSettings } from "../settings/reach.ts";

/** Transactions looked through at a time; after an outage the rest follow at once. */
const transactionsMax = 20_000;
/** While there is nobody to tell, the position is moved only now and then. */
const restBehind = 5_000;

type Pace = Pick<ReachSettings, "afterSeconds" | "againHours">;

/**
 * Makes a nudge for each conversation whose customer asked to be told and has something new that they may not have seen:
 * a message of ours where they read it themselves, or a change of their callback by an agent. True: there is more.
 *
 * Reads the feed below the snapshot's horizon (src/live/feed.ts), from a position kept beside the nudges and moved in the
 * same transaction: nothing is overlooked and nothing found twice, whichever worker looks and whenever it dies.
 */
export function findUnseen(db: Db, pulledChannels: readonly string[], settings: Pace): Promise<boolean> {
  return db.transaction(async (sql) => {
    const feed = await takeFeed(sql);
    if (feed === null) return false;
    const { position, upTo, behind, anybody } = feed;
    if (behind <= 0) return false;
    const found = anybody ? await makeNudges(sql, position, upTo, pulledChannels, settings) : 0;
    if (found > 0 || behind > restBehind) await sql`update reach_feed set position = ${upTo}::xid8`;
    return behind > transactionsMax;
  });
}

/** Null: another worker looks right now. */
async function takeFeed(sql: TransactionSql) {
  const [row] = await sql<{ position: string; upTo: string; behind: number; anybody: boolean }[]>`
    with feed as (select position from reach_feed for update skip locked)
    select position::text as position, (horizon - position::text::numeric)::float8 as behind,
      least(horizon, position::text::numeric + ${transactionsMax})::text as "upTo",
      exists (select 1 from push_subscriptions) or exists (select 1 from reach_numbers where ended_at is null) as anybody
    from feed, (select pg_snapshot_xmin(pg_current_snapshot())::text::numeric as horizon) now`;
  return row ?? null;
}

/**
 * A burst that is open already grows, and whoever was told of it stays told; what comes hours later is a burst of its own.
 * It takes the open one's place under a new id, so that a late word about the old push says nothing of it.
 */
async function makeNudges(
  sql: TransactionSql,
  position: string,
  upTo: string,
  pulledChannels: readonly string[],
  { afterSeconds, againHours }: Pace,
): Promise<number> {
  const [row] = await sql<{ found: number }[]>`
    with bursts as (
      select e.conversation_id, min(e.seq) as from_seq, max(e.seq) as to_seq,
        min(e.at) + ${afterSeconds} * interval '1 second' as due_at
      from events e
      join conversations c on c.id = e.conversation_id
      left join messages m on m.conversation_id = e.conversation_id and m.seq = e.seq
      where e.xid >= ${position}::xid8 and e.xid < ${upTo}::xid8
        and ((e.type = 'message' and e.actor <> 'contact' and m.visibility = 'public' and m.channel = any (${[...pulledChannels]}))
          or (e.type = 'callback' and e.actor = 'agent' and c.channel = any (${[...pulledChannels]})))
        and e.seq > c.last_inbound_seq
        and (exists (select 1 from push_subscriptions p where p.conversation_id = e.conversation_id)
          or exists (select 1 from reach_numbers n where n.conversation_id = e.conversation_id and n.ended_at is null))
      group by e.conversation_id),
    again as (
      update nudges n set id = uuidv7(), from_seq = b.from_seq, to_seq = b.to_seq, state = 'waiting', due_at = b.due_at,
        attempts = 0, push = 'untried', shown_at = null, created_at = now(), ended_at = null
      from bursts b
      where n.conversation_id = b.conversation_id and n.state in ('told', 'unreachable') and n.to_seq < b.to_seq
        and coalesce(n.ended_at, n.due_at) < now() - ${againHours} * interval '1 hour'
      returning n.conversation_id),
    made as (
      insert into nudges (conversation_id, from_seq, to_seq, due_at)
        select conversation_id, from_seq, to_seq, due_at from bursts
        where conversation_id not in (select conversation_id from again)
      on conflict (conversation_id) where state <> 'seen' do update set to_seq = greatest(nudges.to_seq, excluded.to_seq)
      returning 1)
    select (select count(*) from again)::int + (select count(*) from made)::int as found`;
  return row?.found ?? 0;
}
