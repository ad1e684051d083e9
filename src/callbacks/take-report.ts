import type { CallReport } from "../../channels/channel.ts";
import { appendEvent } from "../conversations/append-event.ts";
import type { Db, TransactionSql } from "../db/client.ts";
import { isId } from "../lib/ids.ts";
import { afterReport, type CallState, hasEnded } from "./call-standing.ts";

export interface CallRow {
  readonly id: string;
  readonly conversationId: string;
  readonly callbackId: string | null;
  readonly leg: "customer" | "agent" | "supervisor";
  readonly agentId: string | null;
  readonly externalId: string | null;
  readonly state: CallState;
  readonly sequence: number;
  readonly attempt: number | null;
  readonly answeredBy: "human" | "machine" | null;
}

/**
 * Takes in the provider's word on a call that we placed, once, however often it is repeated. A report that names a call
 * of ours beside another call's provider id changes nothing. False: there is no such call.
 */
export async function takeCallReport(db: Db, report: CallReport): Promise<boolean> {
  return db.transaction(async (sql) => {
    const call = await lockCall(sql, report);
    if (call === null) return false;
    const [fresh] =
      await sql`insert into provider_keys (key, conversation_id) values (${report.key}, ${call.conversationId})
      on conflict do nothing returning key`;
    if (fresh !== undefined) await record(sql, call, report);
    return true;
  });
}

/** The conversation first, as everybody who writes an event does: so no two of them wait for each other. */
async function lockCall(sql: TransactionSql, { callId, externalId }: CallReport): Promise<CallRow | null> {
  const [found] = isId(callId)
    ? await sql<{ id: string; conversationId: string }[]>`
        select id, conversation_id as "conversationId" from calls
        where id = ${callId} and (external_id is null or external_id = ${externalId})`
    : await sql<{ id: string; conversationId: string }[]>`
        select id, conversation_id as "conversationId" from calls where external_id = ${externalId}`;
  if (found === undefined) return null;
  await sql`select 1 from conversations where id = ${found.conversationId} for update`;
  const [call] = await sql<CallRow[]>`
    select id, conversation_id as "conversationId", callback_id as "callbackId", leg, agent_id as "agentId",
      external_id as "externalId", state, sequence, attempt, answered_by as "answeredBy"
    from calls where id = ${found.id} and (external_id is null or external_id = ${externalId}) for update`;
  return call ?? null;
}

async function record(sql: TransactionSql, call: CallRow, report: CallReport): Promise<void> {
  const next = afterReport(call, report);
  if (next === null) return;
  await sql`update calls set state = ${next.state}, sequence = ${next.sequence}, answered_by = ${next.answeredBy},
      external_id = ${report.externalId},
      answered_at = case when ${next.state === "in-progress"} then coalesce(answered_at, now()) else answered_at end,
      ended_at = case when ${hasEnded(next.state)} then coalesce(ended_at, now()) else ended_at end
    where id = ${call.id}`;
  if (next.state === call.state && next.answeredBy === call.answeredBy) return;
  await appendEvent(sql, call.conversationId, {
    type: "call",
    agentId: null,
    data: { call: call.id, leg: call.leg, state: next.state, answeredBy: next.answeredBy },
  });
}
