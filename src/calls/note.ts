import { appendEvent } from "../conversations/append-event.ts";
import type { TransactionSql } from "../db/client.ts";

/** What happened to a live call stands in its conversation's timeline. `agentId` null: the caller or the service did it. */
export async function noteOnCall(
  sql: TransactionSql,
  { conversationId, conference }: { readonly conversationId: string; readonly conference: string },
  change: string,
  agentId: string | null,
  more: object = {},
): Promise<void> {
  await appendEvent(sql, conversationId, { type: "call", agentId, data: { call: conference, change, ...more } });
}
