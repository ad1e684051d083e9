import type { Db } from "../db/client.ts";
import { createSharedReads } from "../db/shared-reads.ts";

/** The latest seq of a conversation, 0 when it has no events; those who ask together share one statement. */
export function createLastSeq(db: Db): (conversationId: string) => Promise<number> {
  const read = createSharedReads(async (ids) => {
    const rows = await db.run(
      (sql) => sql<{ id: string; seq: number }[]>`select id, next_seq - 1 as seq from conversations
        where id = any (${[...ids]}::uuid[])`,
    );
    return new Map(rows.map(({ id, seq }) => [id, seq]));
  });
  return async (conversationId) => (await read(conversationId)) ?? 0;
}
