import type { TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";

export interface HandOffSummary {
  readonly reason: "asked-for-person" | "assistant-failed" | "complaint" | "unknown" | "opt-out-request";
  readonly locale: string;
  /** The customer's words of this turn, cut short. */
  readonly issue: string;
  /** Article ids shown or considered. */
  readonly articles: readonly string[];
  /** The kind of the assistant's reply before; empty: there was none. */
  readonly tried: string;
}

/**
 * Gives the conversation to the people's queue with its summary; the assistant is silent from this commit on (R4).
 * Does nothing when people have it already. Runs inside the transaction that writes the visible sentence.
 */
export async function handOff(sql: TransactionSql, conversationId: string, summary: HandOffSummary): Promise<void> {
  const [moved] = await sql<{ seq: number }[]>`
    update conversations set owner = 'queue', fence = fence + 1, waiting_since = now(), next_seq = next_seq + 1,
      summary = ${sql.json(asJson(summary))}, flow = '{}'
    where id = ${conversationId} and owner = 'assistant'
    returning next_seq - 1 as seq`;
  if (moved === undefined) return;
  await sql`insert into events (conversation_id, seq, type, actor, data)
    values (${conversationId}, ${moved.seq}, 'handoff', 'assistant', ${sql.json(asJson(summary))})`;
}
