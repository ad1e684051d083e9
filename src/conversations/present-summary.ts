import type { Sql, TransactionSql } from "../db/client.ts";

/**
 * The hand-off's summary of conversation `c`, as long as it is about what the customer wants now: people have it still, or
 * it was handed over in this episode. An older one says nothing about what is asked since.
 */
export function presentSummary(sql: Sql | TransactionSql) {
  return sql`case when c.owner <> 'assistant' or exists (select 1 from events h
    where h.conversation_id = c.id and h.type = 'handoff' and h.seq >= c.episode_from_seq) then c.summary end`;
}
