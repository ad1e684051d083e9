import type { TransactionSql } from "../db/client.ts";
import type { Promised } from "./machine.ts";
import type { CallbackState } from "./states.ts";

/** A callback as its row holds it, locked. */
export interface CallbackRow extends Promised {
  readonly id: string;
  readonly contactId: string;
  readonly conversationId: string;
  readonly phone: string | null;
  readonly zone: string | null;
  readonly localTime: string | null;
  readonly zones: readonly string[];
  readonly topic: string | null;
  readonly locale: string | null;
  readonly wish: string | null;
  readonly proven: boolean;
  readonly agentId: string | null;
  readonly team: string | null;
  readonly outcome: string | null;
}

/** The conversation first, as everybody who writes an event does: so no two of them wait for each other. */
export async function lockCallback(sql: TransactionSql, id: string): Promise<CallbackRow | null> {
  // Both on their way at once: they are carried out in order.
  const conversation = sql`select 1 from conversations
    where id = (select conversation_id from callbacks where id = ${id}) for update`;
  const callback = sql<StoredCallback[]>`
    select id, contact_id as "contactId", conversation_id as "conversationId", state, asked_at as "askedAt",
      wanted_at as "wantedAt", picked, due_at as "dueAt", until, not_before as "notBefore", round, attempts, rung,
      told_late as "toldLate", last, phone, zone, local_time as "localTime", zones, topic, locale, wish, proven,
      agent_id as "agentId", team, outcome
    from callbacks where id = ${id} for update`;
  const [, [row]] = await Promise.all([conversation, callback]);
  return row === undefined ? null : inMs(row);
}

/** The open callback of a contact, its conversation's row being locked already; null when there is none. */
export async function openCallbackOf(sql: TransactionSql, contactId: string): Promise<CallbackRow | null> {
  const [row] = await sql<{ id: string }[]>`
    select id from callbacks where contact_id = ${contactId}
      and state in ('requested', 'scheduled', 'due', 'dialling', 'connected')`;
  return row === undefined ? null : lockCallback(sql, row.id);
}

/** Writes what the machine decided; what it knows nothing of stays as it is. `at` is the machine's clock. */
export async function savePromised(sql: TransactionSql, id: string, next: Promised, at: number): Promise<void> {
  const now = new Date(at);
  await sql`update callbacks set state = ${next.state}, asked_at = ${new Date(next.askedAt)},
      wanted_at = ${next.wantedAt === null ? null : new Date(next.wantedAt)}, picked = ${next.picked},
      due_at = ${new Date(next.dueAt)}, until = ${new Date(next.until)}, not_before = ${new Date(next.notBefore)},
      round = ${next.round}, attempts = ${next.attempts}, rung = ${next.rung}, told_late = ${next.toldLate},
      last = ${next.last}, held = case when ${next.state} = 'due' then held end,
      first_rung_at = case when ${next.rung} then coalesce(first_rung_at, ${now}) else first_rung_at end,
      connected_at = case when ${next.state} = 'connected' then coalesce(connected_at, ${now}) else connected_at end,
      ended_at = case when ${isOver(next.state)} then coalesce(ended_at, ${now}) end,
      updated_at = now()
    where id = ${id}`;
}

export function isOver(state: CallbackState): boolean {
  return state === "done" || state === "missed" || state === "cancelled" || state === "expired";
}

type Times = "askedAt" | "wantedAt" | "dueAt" | "until" | "notBefore";
type StoredCallback = Omit<CallbackRow, Times> & {
  readonly [Key in Times]: Key extends "wantedAt" ? Date | null : Date;
};

function inMs(row: StoredCallback): CallbackRow {
  return {
    ...row,
    askedAt: row.askedAt.getTime(),
    wantedAt: row.wantedAt?.getTime() ?? null,
    dueAt: row.dueAt.getTime(),
    until: row.until.getTime(),
    notBefore: row.notBefore.getTime(),
  };
}
