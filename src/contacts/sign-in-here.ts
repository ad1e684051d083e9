import type { TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { type CallDropped, joinHistory } from "./join-history.ts";

/** Customers of the company are known by their account's address on the web. */
const accountChannel = "web-chat";

export interface SignInHere {
  readonly conversationId: string;
  readonly addressId: string;
  readonly customer: string;
  readonly confirmedBy: "code" | "link";
  readonly callDropped: CallDropped;
}

/**
 * Writes that this address belongs to a customer, proved now on its channel, and adds its conversation to the account's:
 * the customer was told so and confirmed it by their code or link (C4, C6). A number that stood with another account
 * takes nothing of that along (R8).
 */
export async function signInHere(sql: TransactionSql, here: SignInHere): Promise<void> {
  const address = { channel: accountChannel, kind: "account", value: here.customer };
  await sql`select open_address(${sql.json(asJson([address]))}, null, null)`;
  const [account] = await sql<{ contactId: string; conversationId: string }[]>`
    select a.contact_id as "contactId", c.id as "conversationId"
    from contact_addresses a join conversations c on c.contact_id = a.contact_id
    where a.channel = ${address.channel} and a.kind = ${address.kind} and a.value = ${address.value}`;
  const [owner] = await sql<{ contactId: string; hasAccount: boolean }[]>`
    select c.contact_id as "contactId",
      exists (select 1 from contact_addresses a where a.contact_id = c.contact_id and a.kind = 'account') as "hasAccount"
    from conversations c where c.id = ${here.conversationId}`;
  if (account === undefined || owner === undefined) throw new Error("The account's conversation was not made.");
  if (owner.contactId !== account.contactId) {
    if (!owner.hasAccount)
      await joinHistory(sql, {
        from: here.conversationId,
        into: account.conversationId,
        confirmedBy: here.confirmedBy,
        replyTo: here.addressId,
        sessions: null,
        callDropped: here.callDropped,
      });
    // All that one unknown person wrote from comes along; from another's account only the number that was proved.
    await sql`update contact_addresses set contact_id = ${account.contactId}
      where contact_id = ${owner.contactId} and (id = ${here.addressId} or (${!owner.hasAccount} and kind <> 'web-visitor'))`;
  }
  await sql`update contact_addresses set evidence = 'verified', verified_at = now() where id = ${here.addressId}`;
}
