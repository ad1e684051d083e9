import { createHmac } from "node:crypto";
import type { Db } from "../db/client.ts";

/** Notes whether an article helped, once for each reader; answering again changes the answer. No cookie is needed. */
export async function noteFeedback(
  { db, key }: { readonly db: Db; readonly key: Buffer },
  feedback: { readonly articleId: string; readonly locale: string; readonly helped: boolean; readonly address: string },
): Promise<void> {
  const { articleId, locale, helped, address } = feedback;
  const reader = createHmac("sha256", key)
    .update(JSON.stringify(["feedback", articleId, address]))
    .digest();
  await db.run(
    (sql) => sql`insert into article_feedback (article_id, locale, reader, helped)
      values (${articleId}, ${locale}, ${reader}, ${helped})
      on conflict (article_id, locale, reader) do update set helped = excluded.helped, at = now()`,
  );
}
