import type { Db } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import { topicsSetting } from "../settings/topics.ts";
import type { Article, ArticleTranslation, TopicOfDemo } from "./read-articles.ts";

/** Pages about the company itself have this topic: readers find them, the assistant is not trained on them. */
export const aboutTopic = "about";

export interface StoredArticle extends Article {
  readonly topic: string;
  readonly updatedAt: Readonly<Record<string, Date>>;
}

/** Loads the demo company's articles and topics where there are none yet. Safe to run in several processes at once. */
export async function seedArticles(
  db: Db,
  articles: readonly Article[],
  topics: readonly TopicOfDemo[],
): Promise<void> {
  const order = topics.flatMap((topic) => topic.articles.map((id) => ({ id, topic: topic.id })));
  const rows = articles.flatMap((article) => {
    const position = order.findIndex(({ id }) => id === article.id);
    return Object.entries(article.translations).map(([locale, translation]) => ({
      id: article.id,
      topic: order[position]?.topic ?? "other",
      position: position < 0 ? order.length : position,
      locale,
      ...translation,
    }));
  });
  const names = { topics: topics.map(({ id, names }) => ({ id, names })) };
  await db.transaction(
    async (sql) => {
      // Articles that an earlier version loaded had no topic of their own yet.
      await sql`insert into articles (id, topic, position)
        select distinct on (x.id) x.id, x.topic, x.position
        from jsonb_to_recordset(${sql.json(asJson(rows))}) as x(id text, topic text, position int) order by x.id
        on conflict (id) do update set topic = excluded.topic, position = excluded.position where articles.topic = 'demo'`;
      // Only what no operator has ever had in hand: a translation that was withdrawn must not come back with a restart.
      await sql`with fresh as (
          insert into article_versions
              (article_id, locale, version, question, answer, short, samples, source_version, published_at)
            select x.id, x.locale, 1, x.question, x.answer, x.short, x.samples,
              case when a.source_locale = x.locale then null else 1 end, now()
            from jsonb_to_recordset(${sql.json(asJson(rows))})
              as x(id text, locale text, question text, answer text, short text, samples jsonb)
            join articles a on a.id = x.id
            where not exists (
              select 1 from article_versions v where v.article_id = x.id and v.locale = x.locale)
            on conflict do nothing returning *),
        shown as (
          insert into article_translations (article_id, locale, question, answer, short, samples, version, source_version)
            select article_id, locale, question, answer, short, samples, version, source_version from fresh
            on conflict do nothing returning 1)
        update content_version set version = version + 1 where exists (select 1 from shown)`;
      await sql`insert into settings (key, value) values (${topicsSetting.key}, ${sql.json(asJson(names))})
        on conflict do nothing`;
    },
    { deadlineMs: 15_000 },
  );
}

/** Every published article with its translations, in order. */
export async function loadArticles(db: Db): Promise<StoredArticle[]> {
  const rows = await db.run(
    (sql) => sql<({ id: string; topic: string; locale: string; updated_at: Date } & ArticleTranslation)[]>`
      select a.id, a.topic, t.locale, t.question, t.answer, t.short, t.samples, t.updated_at
      from articles a join article_translations t on t.article_id = a.id
      where a.deleted_at is null order by a.position, a.id, t.locale`,
    { deadlineMs: 15_000 },
  );
  const byId = new Map<string, StoredArticle>();
  for (const { id, topic, locale, question, answer, short, samples, updated_at } of rows) {
    const known = byId.get(id);
    byId.set(id, {
      id,
      topic,
      translations: { ...known?.translations, [locale]: { question, answer, short, samples } },
      updatedAt: { ...known?.updatedAt, [locale]: updated_at },
    });
  }
  return [...byId.values()];
}
