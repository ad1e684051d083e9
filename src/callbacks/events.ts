import type { TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";

/** Every change of a callback is in the timeline (design.md 8); `agentId` null: the customer or the assistant did it. */
export async function appendCallbackEvent(
  sql: TransactionSql,
  conversationId: string,
  agentId: string | null,
  data: object,
): Promise<void> {
  await sql`
    with taken as (
      update conversations set next_seq = next_seq + 1 where id = ${conversationId} returning id, next_seq - 1 as seq)
    insert into events (conversation_id, seq, type, actor, agent_id, data)
    select id, seq, 'callback', ${agentId === null ? "system" : "agent"}, ${agentId}, ${sql.json(asJson(data))} from taken`;
}
