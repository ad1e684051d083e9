import type { CallLeg, CallReport, CallStanding } from "../../channels/channel.ts";
import { appendEvent } from "../conversations/append-event.ts";
import type { Sql, TransactionSql } from "../db/client.ts";
import { isId, newId } from "../lib/ids.ts";
import { afterReport, type CallState, hasEnded } from "./call-standing.ts";

/** Whoever writes a leg asks the provider within this, or others look it up: the 10 s of a provider call, and a little. */
const leaseSeconds = 12;

/** Calls under way are asked after, as reports get lost: soon while somebody is still to be joined, then now and then. */
export const standingEverySeconds = { before: 15, joined: 30 } as const;

/** One line that we dialled, or a caller's own, as its row holds it. */
export interface Leg {
  readonly id: string;
  readonly conversationId: string;
  readonly callbackId: string | null;
  readonly offerId: string | null;
  readonly direction: "inbound" | "outbound";
  readonly leg: CallLeg;
  readonly agentId: string | null;
  readonly conference: string | null;
  readonly externalId: string | null;
  readonly state: CallState;
  readonly sequence: number;
  readonly attempt: number | null;
  readonly answeredBy: "human" | "machine" | null;
  readonly joinedAt: Date | null;
}

/**
 * Writes down that a leg is dialled, before the provider is asked. Null when this leg of this attempt was dialled before:
 * the unique key makes that so (R5).
 */
export async function writeLeg(
  sql: TransactionSql,
  leg: {
    readonly conversationId: string;
    readonly callbackId: string;
    readonly attempt: number;
    readonly leg: CallLeg;
    readonly agentId: string | null;
  },
): Promise<string | null> {
  const id = newId();
  const [row] = await sql<{ id: string }[]>`
    insert into calls (id, conversation_id, callback_id, direction, leg, agent_id, conference, state, attempt, look_at)
    values (${id}, ${leg.conversationId}, ${leg.callbackId}, 'outbound', ${leg.leg}, ${leg.agentId}, ${leg.callbackId},
      'dialling', ${leg.attempt}, now() + ${leaseSeconds} * interval '1 second')
    on conflict (callback_id, attempt, leg) where callback_id is not null do nothing returning id`;
  return row?.id ?? null;
}

/**
 * Holds others off for the length of a provider call, and makes them look up anew: what they looked for before may still
 * come. False: the provider took this leg already, or it is over.
 */
export async function renewLease(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`update calls set look_at = now() + ${leaseSeconds} * interval '1 second', lookups = 0
    where id = ${id} and external_id is null and ended_at is null returning id`;
  return rows.length > 0;
}

/** The conversation first, as everybody who writes an event does: so no two of them wait for each other. */
export async function lockLeg(sql: TransactionSql, id: string): Promise<Leg | null> {
  // Both on their way at once: they are carried out in order.
  const [, [row]] = await Promise.all([
    sql`select 1 from conversations where id = (select conversation_id from calls where id = ${id}) for update`,
    sql<Leg[]>`select ${legColumns(sql)} from calls where id = ${id} for update`,
  ]);
  return row ?? null;
}

/** The other legs of the same dialling. */
export async function otherLegs(sql: TransactionSql, { id, callbackId, attempt }: Leg): Promise<Leg[]> {
  if (callbackId === null) return [];
  return sql<Leg[]>`select ${legColumns(sql)} from calls
    where callback_id = ${callbackId} and attempt = ${attempt} and id <> ${id} for update`;
}

/** The leg that a report is about; null when none is, or when it names one of ours beside another call's provider id. */
export async function lockReported(
  sql: TransactionSql,
  { callId, externalId }: Pick<CallReport, "callId" | "externalId">,
): Promise<Leg | null> {
  const [found] = isId(callId)
    ? await sql<{ id: string }[]>`select id from calls
        where id = ${callId} and (external_id is null or external_id = ${externalId})`
    : await sql<{ id: string }[]>`select id from calls where external_id = ${externalId}`;
  const leg = found === undefined ? null : await lockLeg(sql, found.id);
  return leg === null || (leg.externalId !== null && leg.externalId !== externalId) ? null : leg;
}

/** Takes the provider's word on a leg in; gives the leg as it is now, and whether anything is new. */
export async function recordOnLeg(
  sql: TransactionSql,
  leg: Leg,
  report: Pick<CallReport, "externalId" | "state" | "sequence" | "answeredBy">,
): Promise<{ readonly leg: Leg; readonly news: boolean }> {
  const next = afterReport(leg, report);
  if (next === null && leg.externalId !== null) return { leg, news: false };
  const now = { ...leg, ...(next ?? {}), externalId: report.externalId };
  await sql`update calls set state = ${now.state}, sequence = ${now.sequence}, answered_by = ${now.answeredBy},
      external_id = ${now.externalId}, lookups = 0,
      look_at = now() + case when joined_at is null then ${standingEverySeconds.before}::int else ${standingEverySeconds.joined}::int end * interval '1 second',
      answered_at = case when ${now.state === "in-progress"} then coalesce(answered_at, now()) else answered_at end,
      ended_at = case when ${hasEnded(now.state)} then coalesce(ended_at, now()) else ended_at end
    where id = ${leg.id}`;
  const news = now.state !== leg.state || now.answeredBy !== leg.answeredBy;
  // A caller's own line is told by what they did.
  if (news && now.direction === "outbound") await noteInTimeline(sql, now);
  return { leg: now, news };
}

/** Ends a leg that the provider did not take; `error` says why. */
export async function failLeg(sql: TransactionSql, leg: Leg, error: object | null): Promise<Leg> {
  const state: CallStanding = "failed";
  await sql`update calls set state = ${state}, ended_at = coalesce(ended_at, now()), error = ${sql.json((error ?? {}) as never)}
    where id = ${leg.id}`;
  const now = { ...leg, state };
  await noteInTimeline(sql, now);
  return now;
}

export async function markJoined(sql: TransactionSql, leg: Leg): Promise<void> {
  await sql`update calls set joined_at = coalesce(joined_at, now()) where id = ${leg.id}`;
}

function noteInTimeline(sql: TransactionSql, { id, conversationId, leg, state, answeredBy, agentId }: Leg) {
  const data = { call: id, leg, state, answeredBy, agent: agentId };
  return appendEvent(sql, conversationId, { type: "call", agentId: null, data });
}

function legColumns(sql: TransactionSql) {
  return sql`id, conversation_id as "conversationId", callback_id as "callbackId", offer_id as "offerId", direction, leg, agent_id as "agentId", conference,
    external_id as "externalId", state, sequence, attempt, answered_by as "answeredBy", joined_at as "joinedAt"`;
}
