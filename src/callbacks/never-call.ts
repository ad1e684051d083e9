import type { Sql, TransactionSql } from "../db/client.ts";
import { applyToCallback } from "./apply.ts";
import type { CallDesk } from "./desk.ts";
import { appendCallbackEvent } from "./events.ts";
import { neverCall } from "./phone-policy.ts";
import { cancelPromise } from "./promise-call.ts";
import { openCallbackOf } from "./store.ts";
import { tellCustomer } from "./tell.ts";

const change = "never-again";

/**
 * A customer told an agent that they want no more calls to a number of theirs: it is not called any more, for ever (R5).
 * Said again, it changes nothing. Numbers of other people are not found.
 */
export async function neverCallAgain(
  desk: CallDesk,
  agentId: string,
  conversationId: string,
  phone: string,
): Promise<boolean> {
  return desk.db.transaction(async (sql) => {
    const [contact] = await sql<{ id: string }[]>`
      select contact_id as id from conversations where id = ${conversationId} for update`;
    if (contact === undefined) return false;
    const [theirs] = await sql`
      select 1 from contact_addresses where contact_id = ${contact.id} and kind = 'e164' and value = ${phone}
      union all select 1 from callbacks where contact_id = ${contact.id} and phone = ${phone} limit 1`;
    if (theirs === undefined) return false;
    if (!(await neverCall(sql, phone, "agent"))) return true;
    const open = await openCallbackOf(sql, contact.id);
    const ended =
      open?.phone === phone &&
      (await applyToCallback(sql, desk, open, { type: "opted-out" }, { agentId, change })).stepped.accepted;
    if (!ended) await appendCallbackEvent(sql, conversationId, agentId, { callback: null, change, state: null });
    return true;
  });
}

/**
 * The customer wants no more calls: the one that is promised is off (R5), and these numbers, which are surely theirs, are
 * never called again. Said again, it changes nothing.
 */
export async function stopCalls(
  sql: TransactionSql,
  desk: CallDesk,
  { conversationId, contactId }: { readonly conversationId: string; readonly contactId: string },
  phones: readonly string[],
): Promise<void> {
  await sql`select 1 from conversations where id = ${conversationId} for update`;
  let listed = false;
  // In one order, so that two who share numbers never wait for each other.
  for (const phone of [...phones].sort()) listed = (await neverCall(sql, phone, "words")) || listed;
  const open = await openCallbackOf(sql, contactId);
  const ended =
    open !== null &&
    (await applyToCallback(sql, desk, open, { type: "opted-out" }, { agentId: null, change })).stepped.accepted;
  if (listed && !ended) await appendCallbackEvent(sql, conversationId, null, { callback: null, change, state: null });
}

/**
 * The customer wants no calls, or not the one that is promised; said in the stored message at `seq` while people have the
 * conversation: nobody else obeys it there. Does nothing once the customer wrote something else, so it may be asked again
 * for a repeated delivery. A telephone that rings already is left to the people.
 */
export async function dropCallsSaidToPeople(
  desk: CallDesk,
  conversationId: string,
  seq: number,
  unwanted: "all" | "promised",
): Promise<void> {
  await desk.db.transaction(async (sql) => {
    const [said] = await sql<{ contactId: string; locale: string | null; phone: string | null }[]>`
      select c.contact_id as "contactId", c.locale, case when a.kind = 'e164' and a.channel is distinct from ${desk.phone()?.name ?? null}::text
          then a.value end as phone
      from conversations c left join contact_addresses a on a.id = c.address_id
      where c.id = ${conversationId} and c.owner <> 'assistant' and c.last_inbound_seq = ${seq} for update of c`;
    if (said === undefined) return;
    const { contactId, locale, phone } = said;
    if (unwanted === "promised") {
      const promised = await openCallbackOf(sql, contactId);
      if (promised !== null && (await cancelPromise(sql, desk, promised.id)))
        await tellCustomer(sql, desk, { ...promised, locale: locale ?? promised.locale }, "cancelled");
      return;
    }
    const phones = new Set([...(phone === null ? [] : [phone]), ...(await provenPhones(sql, contactId))]);
    await stopCalls(sql, desk, { conversationId, contactId }, [...phones]);
  });
  desk.publish(conversationId);
}

/** The owner of the number takes "never again" back, from that number. */
export async function allowCalls(sql: TransactionSql, conversationId: string, phone: string): Promise<void> {
  await sql`select 1 from conversations where id = ${conversationId} for update`;
  const taken = await sql`delete from never_call where phone = ${phone} returning 1`;
  if (taken.length > 0)
    await appendCallbackEvent(sql, conversationId, null, { callback: null, change: "calls-again", state: null });
}

export async function isNeverCalled(sql: TransactionSql, phone: string): Promise<boolean> {
  return (await sql`select 1 from never_call where phone = ${phone}`).length > 0;
}

/** The numbers that a customer proved to be theirs: by a code, or by writing from the one that is to be called. */
export async function provenPhones(sql: TransactionSql, contactId: string): Promise<string[]> {
  const rows = await sql<{ phone: string }[]>`
    select value as phone from contact_addresses
      where contact_id = ${contactId} and kind = 'e164' and evidence = 'verified'
    union select phone from callbacks where contact_id = ${contactId} and proven and phone is not null
      and state in ('requested', 'scheduled', 'due', 'dialling', 'connected')
    order by phone`;
  return rows.map((row) => row.phone);
}

/** Are we on a call with this number that we placed ourselves? Whoever speaks there holds its telephone. */
export async function heldOnOurCall(sql: Sql | TransactionSql, phone: string): Promise<boolean> {
  const rows = await sql`
    select 1 from calls l join callbacks k on k.id = l.callback_id
    where k.phone = ${phone} and k.state = 'connected' and l.direction = 'outbound' and l.leg = 'customer'
      and l.ended_at is null limit 1`;
  return rows.length > 0;
}
