import type { TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";

/** As a `DeliveryError` of the channels: agents read it beside the message, and may send its words themselves. */
export const recalled = {
  class: "permanent",
  code: "recalled",
  text: "A person took over before this was sent, so the customer did not get it.",
} as const;

/**
 * Takes back what the assistant has written and the provider does not have yet, under the conversation's lock (R4).
 * What is being sent now may still arrive; it is not tried again.
 */
export async function recallReplies(sql: TransactionSql, conversationId: string): Promise<void> {
  // Waits for a worker that is just claiming one; what it claimed is `sending` and stays its own.
  const waiting = await sql<{ message_id: string; piece: number; state: string }[]>`
    select d.message_id, d.piece, d.state from deliveries d join messages m on m.id = d.message_id
    where d.conversation_id = ${conversationId} and d.state in ('ready', 'sending', 'unknown') and m.author = 'assistant'
    order by d.seq, d.piece for update of d`;
  if (waiting.length === 0) return;
  await sql`update deliveries d set recalled_at = now() from messages m
    where m.id = d.message_id and m.author = 'assistant' and d.conversation_id = ${conversationId}
      and d.state in ('ready', 'sending', 'unknown')`;
  const unsent = waiting
    .filter(({ state }) => state === "ready")
    .map(({ message_id, piece }) => ({
      message_id,
      piece,
      state: "failed",
      rank: 0,
      external_id: null,
      error: recalled,
    }));
  if (unsent.length === 0) return;
  await sql`select * from apply_statuses(${sql.json(asJson(unsent))})`;
  // The customer has no answer now.
  await sql`update conversations set waiting_since = coalesce(waiting_since, now()) where id = ${conversationId}`;
}
