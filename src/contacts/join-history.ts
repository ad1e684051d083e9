import type { TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";

export interface Join {
  readonly from: string;
  readonly into: string;
  /** How the customer confirmed it; nothing joins without that (C6). */
  readonly confirmedBy: "chat" | "code" | "link";
  /** Where the person reads what comes next. */
  readonly replyTo: string;
  /** The browser that joins: its session that ends and the one that it goes on with. Null: it is not done in a browser. */
  readonly sessions: { readonly ends: string; readonly goesOn: string } | null;
  readonly callDropped: CallDropped;
}

/** Both had a call promised, and this contact keeps one: they are told which, in the same transaction. */
export type CallDropped = (sql: TransactionSql, contactId: string) => Promise<void>;

export type JoinOutcome =
  /** `answerDue`: a question waits for its answer in the account's conversation: ring. */
  | { readonly outcome: "joined"; readonly messages: number; readonly answerDue: boolean }
  | { readonly outcome: "refused" };

/**
 * Adds an anonymous conversation to that of an account: copies of its messages take the next seqs of the target, so its
 * timeline has no gap and what was said stays where it was said; its files go along. Asked again, it changes nothing.
 * Refused unless the source is nobody's account and the target is somebody's (C6, R8).
 */
export async function joinHistory(sql: TransactionSql, join: Join): Promise<JoinOutcome> {
  const known = await joinOf(sql, join.from);
  if (known !== null) {
    return known.into === join.into
      ? { outcome: "joined", messages: known.shown, answerDue: false }
      : { outcome: "refused" };
  }
  const sides = await lockBoth(sql, join);
  if (sides === null) return { outcome: "refused" };
  // Somebody may have joined it while we waited for the lock.
  if ((await joinOf(sql, join.from)) !== null) return joinHistory(sql, join);
  const copied = await copyMessages(sql, join, sides.into.nextSeq);
  const answerDue = await goOnInTarget(sql, join, sides, copied);
  const dropped = await moveCallbacks(sql, sides);
  await moveCalls(sql, sides);
  await moveWaysToTell(sql, join);
  await leaveSource(sql, join, sides);
  if (dropped) await join.callDropped(sql, sides.into.contactId);
  return { outcome: "joined", messages: copied.shown, answerDue };
}

interface Side {
  readonly id: string;
  readonly contactId: string;
  readonly owner: "assistant" | "queue" | "agent";
  readonly status: "open" | "snoozed" | "resolved";
  readonly nextSeq: number;
  readonly waitingQuestion: number | null;
  readonly hasAccount: boolean;
}

interface Sides {
  readonly from: Side;
  readonly into: Side;
}

async function joinOf(sql: TransactionSql, from: string): Promise<{ into: string; shown: number } | null> {
  const [row] = await sql<{ into: string; shown: number }[]>`
    select into_conversation_id as into, shown from history_joins where from_conversation_id = ${from} and undone_at is null`;
  return row ?? null;
}

/** In the order of ids, as everybody locks conversations. */
async function lockBoth(sql: TransactionSql, { from, into }: Join): Promise<Sides | null> {
  if (from === into) return null;
  const rows = await sql<Side[]>`
    select c.id, c.contact_id as "contactId", c.owner, c.status, c.next_seq as "nextSeq",
      (c.flow #>> '{waiting,seq}')::bigint as "waitingQuestion",
      exists (select 1 from contact_addresses a where a.contact_id = c.contact_id and a.kind = 'account') as "hasAccount"
    from conversations c where c.id in (${from}, ${into}) order by c.id for update of c`;
  const source = rows.find((row) => row.id === from);
  const target = rows.find((row) => row.id === into);
  if (source === undefined || target === undefined || source.hasAccount || !target.hasAccount) return null;
  return { from: source, into: target };
}

interface Copied {
  readonly shown: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** The join's own event comes first; the copies behind it keep their authors, words, files and times. */
async function copyMessages(sql: TransactionSql, { from, into, confirmedBy }: Join, eventSeq: number): Promise<Copied> {
  const joining = placesOf(sql, from, eventSeq);
  await sql`insert into messages (conversation_id, seq, author, agent_id, visibility, channel, account, address_id,
      external_id, client_id, reply_to, parts, meta, locale, provider_time, raw, at)
    select ${into}, j.new_seq, m.author, m.agent_id, m.visibility, m.channel, m.account, m.address_id, m.external_id,
      case when m.author = 'contact' then m.client_id end, m.reply_to, m.parts, m.meta, m.locale, m.provider_time, m.raw, m.at
    from ${joining} j join messages m on m.id = j.id`;
  await sql`insert into events (conversation_id, seq, type, at, actor, agent_id)
    select ${into}, j.new_seq, 'message', m.at, m.author, m.agent_id from ${joining} j join messages m on m.id = j.id`;
  // Found by what the messages name: one that is still being fetched has no seq yet.
  await sql`update attachments a set conversation_id = ${into}, seq = j.new_seq
    from ${joining} j join messages m on m.id = j.id
    where a.conversation_id = ${from} and m.parts @> jsonb_build_array(jsonb_build_object('assetId', a.id))`;
  const [row] = await sql<{ id: string; shown: number; all: number }[]>`
    with counted as (
      select count(*) filter (where m.visibility = 'public') as shown, count(*) as all
      from ${joining} j join messages m on m.id = j.id)
    insert into history_joins (from_conversation_id, into_conversation_id, confirmed_by, first_seq, last_seq, shown)
    select ${from}, ${into}, ${confirmedBy}, ${eventSeq}::bigint + 1, ${eventSeq}::bigint + counted.all, counted.shown from counted
    returning id, shown, last_seq - first_seq + 1 as all`;
  if (row === undefined) throw new Error("The join was not written.");
  const data = { join: row.id, from, messages: row.shown, confirmedBy };
  await sql`insert into events (conversation_id, seq, type, actor, data)
    values (${into}, ${eventSeq}, 'history-joined', 'contact', ${sql.json(asJson(data))})`;
  return { shown: row.shown, firstSeq: eventSeq + 1, lastSeq: eventSeq + row.all };
}

/** Where each message of the source stands in the target, whose event of the join has `eventSeq`. */
function placesOf(sql: TransactionSql, from: string, eventSeq: number) {
  return sql`(select m.id, m.seq as old_seq, ${eventSeq}::bigint + row_number() over (order by m.seq) as new_seq
    from messages m where m.conversation_id = ${from})`;
}

/** One open callback per customer: where both have one, the account's stands, and the timeline says that the other is cancelled. */
async function moveCallbacks(sql: TransactionSql, { from, into }: Sides): Promise<boolean> {
  const dropped = await sql`
    with cancelled as (
      update callbacks set state = 'cancelled', ended_at = now(), updated_at = now(),
        contact_id = ${into.contactId}, conversation_id = ${into.id}
      where contact_id = ${from.contactId} and state in ('requested', 'scheduled', 'due')
        and exists (select 1 from callbacks o where o.contact_id = ${into.contactId}
          and o.state in ('requested', 'scheduled', 'due', 'dialling', 'connected'))
      returning id, attempts, local_time, zone),
    taken as (
      update conversations set next_seq = next_seq + 1 where id = ${into.id} and exists (select 1 from cancelled)
      returning next_seq - 1 as seq)
    insert into events (conversation_id, seq, type, actor, data)
    select ${into.id}, taken.seq, 'callback', 'system', jsonb_build_object('callback', c.id, 'change', 'cancelled',
      'state', 'cancelled', 'attempt', c.attempts, 'localTime', c.local_time, 'zone', c.zone, 'outcome', 'joined')
    from cancelled c, taken returning 1`;
  await sql`update callbacks set contact_id = ${into.contactId}, conversation_id = ${into.id}
    where contact_id = ${from.contactId} and state in ('requested', 'scheduled', 'due')`;
  return dropped.length > 0;
}

/** Those that are over, and those of a callback that moved; a call that goes on follows by itself (src/calls/live-call.ts). */
async function moveCalls(sql: TransactionSql, { from, into }: Sides): Promise<void> {
  await sql`with moved as (
      update calls set conversation_id = ${into.id}
      where conversation_id = ${from.id} and (ended_at is not null
        or callback_id in (select id from callbacks where conversation_id = ${into.id}))
      returning conference)
    update offers set conversation_id = ${into.id}
    where conversation_id = ${from.id} and conference in (select conference from moved)`;
}

/**
 * How the person wants to be told while they are away. Of two numbers the one left last stands. Of the browsers only the one
 * that joins: another that had the source has not signed in, and ends with its session (C2).
 */
async function moveWaysToTell(sql: TransactionSql, { from, into, sessions }: Join): Promise<void> {
  await sql`update reach_numbers set ended_at = now()
    where conversation_id in (${from}, ${into}) and ended_at is null and id <> (
      select id from reach_numbers where conversation_id in (${from}, ${into}) and ended_at is null
      order by agreed_at desc, id desc limit 1)`;
  await sql`update reach_numbers set conversation_id = ${into} where conversation_id = ${from} and ended_at is null`;
  if (sessions !== null)
    await sql`update push_subscriptions set conversation_id = ${into}, session_id = ${sessions.goesOn}
      where conversation_id = ${from} and session_id = ${sessions.ends}`;
  // They are here.
  await sql`update nudges set state = 'seen', ended_at = now() where conversation_id = ${from} and state <> 'seen'`;
}

/** Whoever had the source has the target now, and what was not answered there is answered here. */
async function goOnInTarget(sql: TransactionSql, join: Join, { from, into }: Sides, copied: Copied): Promise<boolean> {
  const handsOver = from.owner !== "assistant" && from.status !== "resolved" && into.owner === "assistant";
  await sql`update conversations t set
      next_seq = ${copied.lastSeq + 1},
      status = 'open',
      owner = case when ${handsOver} then s.owner else t.owner end,
      agent_id = case when ${handsOver} then s.agent_id else t.agent_id end,
      fence = t.fence + ${handsOver ? 1 : 0},
      summary = case when ${handsOver} then s.summary else t.summary end,
      waiting_since = case when ${handsOver} then s.waiting_since else t.waiting_since end,
      snoozed_until = null,
      locale = coalesce(t.locale, s.locale),
      address_id = ${join.replyTo},
      channel = coalesce(s.channel, t.channel),
      account = coalesce(s.account, t.account),
      preview = coalesce(s.preview, t.preview),
      last_inbound_seq = greatest(t.last_inbound_seq, coalesce((select max(m.seq) from messages m
        where m.conversation_id = t.id and m.seq >= ${copied.firstSeq} and m.author = 'contact'), 0)),
      last_inbound_at = greatest(t.last_inbound_at, s.last_inbound_at),
      last_activity_at = now(), listed_at = now()
    from conversations s where t.id = ${into.id} and s.id = ${from.id}`;
  if (handsOver) {
    await sql`delete from turns where conversation_id = ${into.id}`;
    return false;
  }
  if (into.owner !== "assistant") return false;
  const due = await sql`
    with wanted as (
      select coalesce(t.first_seq, ${from.waitingQuestion}::bigint) as first_seq,
        coalesce(t.last_seq, ${from.waitingQuestion}::bigint) as last_seq
      from (select 1) one left join turns t on t.conversation_id = ${from.id}),
    placed as (
      select min(j.new_seq) as first_seq, max(j.new_seq) as last_seq from ${placesOf(sql, from.id, copied.firstSeq - 1)} j, wanted w
      where j.old_seq between w.first_seq and w.last_seq)
    insert into turns (conversation_id, first_seq, last_seq)
      select ${into.id}, first_seq, last_seq from placed where first_seq is not null
    on conflict (conversation_id)
      do update set first_seq = least(turns.first_seq, excluded.first_seq), last_seq = greatest(turns.last_seq, excluded.last_seq)
    returning 1`;
  return due.length > 0;
}

/** The source stays as it was said, closed: nobody works in it and its visitors' tokens open nothing any more. */
async function leaveSource(sql: TransactionSql, { into }: Join, { from, into: target }: Sides): Promise<void> {
  await sql`delete from turns where conversation_id = ${from.id}`;
  await sql`update visitor_sessions set ended_at = now() where conversation_id = ${from.id} and ended_at is null`;
  await sql`update contacts set merged_into = ${target.contactId} where id = ${from.contactId}`;
  await sql`update conversations set status = 'resolved', owner = 'assistant', agent_id = null, fence = fence + 1,
      waiting_since = null, snoozed_until = null, flow = '{}', next_seq = next_seq + 1 where id = ${from.id}`;
  await sql`insert into events (conversation_id, seq, type, actor, data)
    values (${from.id}, ${from.nextSeq}, 'history-left', 'contact', ${sql.json(asJson({ into }))})`;
}
