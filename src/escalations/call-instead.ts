import { giveToAssistant } from "../conversations/change.ts";
import type { Db } from "../db/client.ts";

/**
 * A customer who waits for a person asks, in the stored message at `seq`, to be called instead: the assistant has the
 * conversation again and owes that message its answer (true: ring), asks for what is missing and promises the call. Does
 * nothing when they do not wait, or when somebody answered since; so it may be asked again for a repeated delivery.
 */
export async function callInstead(db: Db, conversationId: string, seq: number): Promise<boolean> {
  return db.transaction(async (sql) => {
    const [waiting] = await sql`
      select 1 from conversations c
      where c.id = ${conversationId} and c.owner = 'queue' and c.status = 'open'
      for update of c`;
    if (waiting === undefined) return false;
    const opened = await sql`
      insert into turns (conversation_id, first_seq, last_seq)
        select c.id, ${seq}::bigint, greatest(c.last_inbound_seq, ${seq}::bigint) from conversations c
        where c.id = ${conversationId} and not exists (select 1 from messages m
          where m.conversation_id = c.id and m.seq > ${seq} and m.author <> 'contact')
      on conflict do nothing returning 1`;
    if (opened.length === 0) return false;
    await giveToAssistant(sql, conversationId, {});
    return true;
  });
}
