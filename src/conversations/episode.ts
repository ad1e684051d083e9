import type { Db } from "../db/client.ts";
import type { Author, Part } from "../lib/message.ts";

export interface EpisodeEntry {
  readonly author: Author;
  readonly parts: readonly Part[];
  /** What the assistant led the customer through with it. */
  readonly flow: string | null;
}

/**
 * The last messages of an episode before a seq, oldest first: what was said about this issue, never an older one.
 * `at`: only what was said at this address, and to it; null: at every address of the person (they proved who they are).
 */
export async function episodeBefore(
  db: Db,
  episode: { readonly conversationId: string; readonly fromSeq: number; readonly beforeSeq: number },
  limit: number,
  at: { readonly addressId: string; readonly channel: string } | null,
): Promise<EpisodeEntry[]> {
  const { conversationId, fromSeq, beforeSeq } = episode;
  const rows = await db.run(
    (sql) => sql<EpisodeEntry[]>`
      select author, parts, meta->>'flow' as flow from messages
      where conversation_id = ${conversationId} and seq >= ${fromSeq} and seq < ${beforeSeq} and visibility = 'public'
        ${at === null ? sql`` : sql`and (address_id = ${at.addressId} or address_id is null and channel = ${at.channel})`}
      order by seq desc limit ${limit}`,
  );
  return rows.reverse();
}
