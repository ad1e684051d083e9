import type { Db } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import type { Article, ArticleTranslation } from "./read-articles.ts";

/** Loads the demo company's articles if there are none yet. Safe to run in several processes at once. */
export async function seedArticles(db: Db, articles: readonly Article[]): Promise<void> {
  const rows = articles.flatMap((article, position) =>
    Object.entries(article.translations).map(([locale, translation]) => ({
      id: article.id,
      position,
      locale,
      ...translation,
    })),
  );
  await db.transaction(
    async (sql) => {
      await sql`insert into articles (id, topic, position)
        select distinct on (x.id) x.id, 'demo', x.position from jsonb_to_recordset(${sql.json(asJson(rows))}) as x(id text, position int)
        order by x.id on conflict do nothing`;
      await sql`insert into article_translations (article_id, locale, question, answer, short, samples)
        select x.id, x.locale, x.question, x.answer, x.short, x.samples
        from jsonb_to_recordset(${sql.json(asJson(rows))}) as x(id text, locale text, question text, answer text, short text, samples jsonb)
        on conflict do nothing`;
    },
    { deadlineMs: 15_000 },
  );
}

/** Every article with its translations, in order. */
export async function loadArticles(db: Db): Promise<Article[]> {
  const rows = await db.run(
    (sql) => sql<({ article_id: string; locale: string } & ArticleTranslation)[]>`
      select t.article_id, t.locale, t.question, t.answer, t.short, t.samples
      from articles a join article_translations t on t.article_id = a.id order by a.position, a.id, t.locale`,
    { deadlineMs: 15_000 },
  );
  const byId = new Map<string, Record<string, ArticleTranslation>>();
  for (const { article_id, locale, question, answer, short, samples } of rows) {
    byId.set(article_id, { ...byId.get(article_id), [locale]: { question, answer, short, samples } });
  }
  return [...byId].map(([id, translations]) => ({ id, translations }));
}
