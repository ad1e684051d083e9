import type { Db } from "../db/client.ts";

/** The latest seq of a conversation; 0 when it has no events. */
export async function lastSeq(db: Db, conversationId: string): Promise<number> {
  const [row] = await db.run(
    (sql) => sql<{ seq: number }[]>`select next_seq - 1 as seq from conversations where id = ${conversationId}`,
  );
  return row?.seq ?? 0;
}
