import type { ContactAddress } from "../../channels/channel.ts";
import { standingIn } from "../contacts/standing.ts";
import type { Sql, TransactionSql } from "../db/client.ts";

/** Did the person at this address give a code that still counts? A caller's number alone proves nothing (channels.md 5.1). */
export async function provenByCode(
  sql: Sql | TransactionSql,
  { conversationId, from }: { readonly conversationId: string; readonly from: ContactAddress },
  now: number,
): Promise<boolean> {
  const [address] = await sql<{ id: string }[]>`
    select id from contact_addresses where channel = ${from.channel} and kind = ${from.kind} and value = ${from.value}`;
  if (address === undefined) return false;
  return (await standingIn(sql, { conversationId, addressId: address.id }, now)).level === "verified";
}
