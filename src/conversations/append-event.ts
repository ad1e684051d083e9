import type { TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";

/** Takes the next seq under the row's lock and writes the event there; gives the seq. */
export async function appendEvent(
  sql: TransactionSql,
  conversationId: string,
  event: {
    readonly type: string;
    /** Null: nobody in person, the system. */
    readonly agentId: string | null;
    /** The assistant instead. */
    readonly byAssistant?: boolean;
    readonly data: object;
  },
): Promise<number> {
  const [row] = await sql<{ seq: number }[]>`
    with taken as (update conversations set next_seq = next_seq + 1, last_activity_at = now(), listed_at = now()
      where id = ${conversationId} returning id, next_seq - 1 as seq)
    insert into events (conversation_id, seq, type, actor, agent_id, data)
      select id, seq, ${event.type}::text, ${actorOf(event)}::text, ${event.agentId}::uuid, ${sql.json(asJson(event.data))}::jsonb
      from taken returning seq`;
  if (row === undefined) throw new Error("The conversation is gone.");
  return row.seq;
}

function actorOf({
  agentId,
  byAssistant = false,
}: {
  readonly agentId: string | null;
  readonly byAssistant?: boolean;
}) {
  if (agentId !== null) return "agent";
  return byAssistant ? "assistant" : "system";
}
