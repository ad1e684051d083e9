import type { ContactAddress } from "../../channels/channel.ts";
import { appendEvent } from "../conversations/append-event.ts";
import type { TransactionSql } from "../db/client.ts";

/**
 * The provider says of a delivery that its contact opted out: nothing more is sent there, and consent and timeline say
 * since when and by which delivery (channels.md 3.5). Changes nothing when that is known.
 */
export async function recordOptOut(
  sql: TransactionSql,
  conversationId: string,
  deliveryId: string,
  { channel, kind, value }: ContactAddress,
): Promise<void> {
  await sql`select 1 from conversations where id = ${conversationId} for update`;
  const [address] = await sql<{ id: string }[]>`update contact_addresses set opted_out_at = now()
    where channel = ${channel} and kind = ${kind} and value = ${value} and opted_out_at is null returning id`;
  if (address === undefined) return;
  await sql`insert into consents (address_id, action, provider_key)
    values (${address.id}, 'stop', ${`delivery:${deliveryId}`})`;
  const data = { change: "opted-out", channel };
  await appendEvent(sql, conversationId, { type: "change", agentId: null, data });
}
