import type { TransactionSql } from "../db/client.ts";
import { appendCallbackEvent } from "./events.ts";
import { openStates } from "./states.ts";

export interface CallbackRequest {
  readonly conversationId: string;
  readonly contactId: string;
  readonly phone: string | null;
  /** The customer's words for when. */
  readonly wish: string | null;
  readonly wantedAt: string | null;
  readonly zone: string | null;
  readonly topic: string | null;
  readonly locale: string | null;
  readonly source: string;
}

/** Stores the wish for a call. One open callback per customer: a second request changes the first (R5). */
export async function requestCallback(
  sql: TransactionSql,
  request: CallbackRequest,
): Promise<{ id: string; merged: boolean }> {
  const [open] = await sql<{ id: string }[]>`
    update callbacks set phone = coalesce(${request.phone}, phone), wish = coalesce(${request.wish}, wish),
      wanted_at = coalesce(${request.wantedAt}, wanted_at), zone = coalesce(${request.zone}, zone),
      topic = coalesce(${request.topic}, topic), updated_at = now()
    where contact_id = ${request.contactId} and state in ${sql([...openStates])}
    returning id`;
  const id = open?.id ?? (await insertCallback(sql, request));
  await appendCallbackEvent(sql, request.conversationId, null, {
    callback: id,
    state: "requested",
    merged: open !== undefined,
    wish: request.wish,
  });
  return { id, merged: open !== undefined };
}

/** Cancels the customer's open callback; false when there was none. Cancel wins until dialling is committed. */
export async function cancelCallback(sql: TransactionSql, conversationId: string, contactId: string): Promise<boolean> {
  const [cancelled] = await sql<{ id: string }[]>`
    update callbacks set state = 'cancelled', updated_at = now()
    where contact_id = ${contactId} and state in ('requested', 'scheduled', 'due') returning id`;
  if (cancelled === undefined) return false;
  await appendCallbackEvent(sql, conversationId, null, { callback: cancelled.id, state: "cancelled" });
  return true;
}

async function insertCallback(sql: TransactionSql, request: CallbackRequest): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into callbacks (contact_id, conversation_id, phone, wish, wanted_at, zone, topic, locale, source)
    values (${request.contactId}, ${request.conversationId}, ${request.phone}, ${request.wish}, ${request.wantedAt},
      ${request.zone}, ${request.topic}, ${request.locale}, ${request.source})
    returning id`;
  if (row === undefined) throw new Error("The callback was not stored.");
  return row.id;
}
