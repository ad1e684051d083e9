import type { Db } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { cleanText } from "../lib/clean-text.ts";
import { maskCards } from "../lib/mask.ts";

export interface Rating {
  /** 1 to 5. */
  readonly score: number;
  readonly comment: string | null;
}

/** Keeps the customer's word on the present issue, for measures and in the timeline. False: there is no such conversation. */
export async function rateEpisode(db: Db, conversationId: string, { score, comment }: Rating): Promise<boolean> {
  const words = comment === null ? null : maskCards(cleanText(comment)).trim() || null;
  return db.transaction(async (sql) => {
    const [conversation] = await sql<{ episode: number; seq: number }[]>`
      update conversations set next_seq = next_seq + 1 where id = ${conversationId}
      returning episode, next_seq - 1 as seq`;
    if (conversation === undefined) return false;
    const { episode, seq } = conversation;
    await sql`insert into ratings (conversation_id, episode, score, comment)
      values (${conversationId}, ${episode}, ${score}, ${words})
      on conflict (conversation_id, episode) do update set score = excluded.score, comment = excluded.comment, at = now()`;
    await sql`insert into events (conversation_id, seq, type, actor, data)
      values (${conversationId}, ${seq}, 'rating', 'contact', ${sql.json(asJson({ score, comment: words }))})`;
    return true;
  });
}
