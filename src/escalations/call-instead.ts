import { giveToAssistant } from "../conversations/change.ts";
import type { Db } from "../db/client.ts";

/**
 * A customer who waits for a person asks to be called instead: the assistant has the conversation again, asks for what is
 * missing and promises the call. Does nothing for a message that is known already, or when they do not wait.
 */
export async function callInstead(
  db: Db,
  message: {
    readonly key: string;
    readonly from: { readonly channel: string; readonly kind: string; readonly value: string };
  },
): Promise<void> {
  const { channel, kind, value } = message.from;
  await db.transaction(async (sql) => {
    const [waiting] = await sql<{ id: string }[]>`
      select c.id from contact_addresses a join conversations c on c.contact_id = a.contact_id
      where a.channel = ${channel} and a.kind = ${kind} and a.value = ${value}
        and c.owner = 'queue' and c.status = 'open'
        and not exists (select 1 from provider_keys k where k.key = ${message.key})
      for update of c`;
    if (waiting !== undefined) await giveToAssistant(sql, waiting.id, {});
  });
}
