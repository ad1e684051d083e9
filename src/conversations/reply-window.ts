import type { TransactionSql } from "../db/client.ts";

/** Did the customer write on this channel within its reply window? Null: it has none, and is always open. */
export async function isWindowOpen(
  sql: TransactionSql,
  conversationId: string,
  {
    name,
    limits: { replyWindowMs },
  }: { readonly name: string; readonly limits: { readonly replyWindowMs: number | null } },
): Promise<boolean> {
  if (replyWindowMs === null) return true;
  const rows = await sql`select 1 from messages
    where conversation_id = ${conversationId} and author = 'contact' and channel = ${name}
      and at > now() - ${replyWindowMs} * interval '1 ms' limit 1`;
  return rows.length > 0;
}
