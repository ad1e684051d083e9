import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { newId } from "../lib/ids.ts";

/** As many as one look takes; the rest follow with the next. */
const claimMax = 20;
/** Longer than all pushes of one nudge may take; then another worker takes it over. */
const leaseSeconds = 40;
const keepOverDays = 30;

/** A nudge that is due, taken by one worker, with what is known of its customer. */
export interface DueNudge {
  readonly id: string;
  readonly conversationId: string;
  readonly token: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly attempts: number;
  readonly push: "untried" | "taken" | "failed";
  readonly locale: string | null;
  readonly isBack: boolean;
  readonly number: {
    readonly id: string;
    readonly channel: string;
    readonly number: string;
    readonly zone: string;
    readonly locale: string | null;
    readonly optedOut: boolean;
  } | null;
}

/** Takes what is due for one worker. A worker that dies leaves it to the next one after the lease. */
export async function claimNudges(db: Db): Promise<DueNudge[]> {
  const token = newId();
  return db.run(
    (sql) => sql<DueNudge[]>`
      with due as (
        select id from nudges where state in ('waiting', 'pushed') and due_at <= now()
          and (lease_until is null or lease_until < now())
        order by due_at limit ${claimMax} for update skip locked),
      taken as (
        update nudges n set lease_token = ${token}, lease_until = now() + ${leaseSeconds} * interval '1 second',
          attempts = n.attempts + 1
        from due where n.id = due.id returning n.*)
      select n.id, n.conversation_id as "conversationId", n.lease_token as token, n.from_seq as "fromSeq",
        n.to_seq as "toSeq", n.attempts, n.push, coalesce(c.locale, p.locale) as locale,
        c.last_inbound_seq > n.from_seq as "isBack",
        (select jsonb_build_object('id', r.id, 'channel', r.channel, 'number', r.number, 'zone', r.zone, 'locale', r.locale,
            'optedOut', exists (select 1 from contact_addresses a
              where a.kind = 'e164' and a.value = r.number and a.opted_out_at is not null))
          from reach_numbers r where r.conversation_id = n.conversation_id and r.ended_at is null) as number
      from taken n join conversations c on c.id = n.conversation_id join contacts p on p.id = c.contact_id`,
  );
}

export type NudgeChange =
  | { readonly to: "seen" | "told" | "unreachable" }
  | { readonly to: "waiting" | "pushed"; readonly dueAt: Date; readonly push: DueNudge["push"] };

/**
 * Writes what became of a claimed nudge, with its entry in the timeline when agents have something to know. False: the
 * customer came back meanwhile, or another worker has it; then nothing is written.
 */
export async function settleNudge(
  db: Db,
  nudge: DueNudge,
  change: NudgeChange,
  entry: object | null,
): Promise<boolean> {
  return db.transaction((sql) => settleIn(sql, nudge, change, entry).then((seq) => seq !== null));
}

/** The same inside a transaction; gives the seq of the entry (0 without one), null when nothing was written. */
export async function settleIn(
  sql: TransactionSql,
  nudge: DueNudge,
  change: NudgeChange,
  entry: object | null,
): Promise<number | null> {
  // The conversation first, as everybody who writes an event does: so no two of them wait for each other.
  await sql`select 1 from conversations where id = ${nudge.conversationId} for update`;
  const dueAt = "dueAt" in change ? change.dueAt : null;
  const push = "push" in change ? change.push : null;
  const moved = await sql`
    update nudges set state = ${change.to}, due_at = coalesce(${dueAt}, due_at), push = coalesce(${push}, push),
      lease_token = null, lease_until = null,
      ended_at = case when ${change.to} not in ('waiting', 'pushed') then now() end
    where id = ${nudge.id} and lease_token = ${nudge.token} and state in ('waiting', 'pushed') returning 1`;
  if (moved.length === 0) return null;
  return entry === null ? 0 : appendReachEvent(sql, nudge.conversationId, entry);
}

/** What was done to reach the customer, for agents; it moves no list, because nobody has to act. */
export async function appendReachEvent(sql: TransactionSql, conversationId: string, data: object): Promise<number> {
  const [row] = await sql<{ seq: number }[]>`
    with taken as (
      update conversations set next_seq = next_seq + 1 where id = ${conversationId} returning id, next_seq - 1 as seq)
    insert into events (conversation_id, seq, type, actor, data)
      select id, seq, 'reach', 'system', ${sql.json(asJson(data))} from taken returning seq`;
  if (row === undefined) throw new Error("The conversation is gone.");
  return row.seq;
}

/** The browser has shown the push: the customer is told. A second word about it changes nothing. */
export async function confirmShown(db: Db, nudgeId: string): Promise<string | null> {
  return db.transaction(async (sql) => {
    const [nudge] = await sql<{ conversationId: string }[]>`
      select conversation_id as "conversationId" from nudges where id = ${nudgeId}`;
    if (nudge === undefined) return null;
    await sql`select 1 from conversations where id = ${nudge.conversationId} for update`;
    // It may be faster than the push service's own answer; then the nudge is told and its sender has nothing to add.
    const shown = await sql`
      update nudges set shown_at = now(), state = case when state in ('waiting', 'pushed') then 'told' else state end,
        push = 'taken', lease_token = null, lease_until = null, ended_at = coalesce(ended_at, now())
      where id = ${nudgeId} and shown_at is null and push <> 'failed' and state in ('waiting', 'pushed', 'told') returning 1`;
    if (shown.length === 0) return null;
    await appendReachEvent(sql, nudge.conversationId, { way: "push", state: "shown" });
    return nudge.conversationId;
  });
}

/** Removes nudges that are over, and counts of days long gone. */
export async function removeOldNudges(db: Db): Promise<void> {
  await db.run(
    (sql) => sql`delete from nudges where state = 'seen' and ended_at < now() - ${keepOverDays} * interval '1 day'`,
  );
  await db.run((sql) => sql`delete from reach_counts where day < current_date - ${keepOverDays}::int`);
}
