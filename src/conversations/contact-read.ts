import type { Db } from "../db/client.ts";
import { asJson } from "../db/json.ts";

/**
 * Remembers what was on the customer's screen. A person who has the conversation sees it in the timeline; while the
 * assistant has it nobody looks, so no event is written. An older seq than the known one changes nothing.
 */
export async function markReadByContact(db: Db, conversationId: string, seq: number): Promise<void> {
  await db.transaction(async (sql) => {
    const [conversation] = await sql<{ owner: string; lastSeq: number }[]>`
      select owner, next_seq - 1 as "lastSeq" from conversations where id = ${conversationId} for update`;
    if (conversation === undefined) return;
    const read = Math.min(seq, conversation.lastSeq);
    const moved = await sql`
      insert into contact_reads (conversation_id, seq) values (${conversationId}, ${read})
      on conflict (conversation_id) do update set seq = excluded.seq, at = now() where contact_reads.seq < excluded.seq
      returning 1`;
    if (moved.length === 0 || conversation.owner === "assistant") return;
    // Not appendEvent: reading is no reason to move the conversation up in anybody's list.
    await sql`update conversations set next_seq = next_seq + 1 where id = ${conversationId}`;
    await sql`insert into events (conversation_id, seq, type, actor, data)
      values (${conversationId}, ${conversation.lastSeq + 1}, 'receipt', 'contact', ${sql.json(asJson({ state: "read", upTo: read }))})`;
  });
}
