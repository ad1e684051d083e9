import type { Db, TransactionSql } from "../db/client.ts";
import { asJson } from "../db/json.ts";
import type { ArticleTranslation } from "./read-articles.ts";

/** One translation of an article, as the list of articles shows it. */
export interface TranslationState {
  readonly locale: string;
  readonly question: string;
  /** The version customers read; null when they read none. */
  readonly published: number | null;
  /** The newest version; above `published` it is a draft. */
  readonly newest: number;
  /** The source was published anew after this translation was made. */
  readonly outOfDate: boolean;
  readonly savedAt: Date;
  readonly savedBy: string | null;
}

export interface ArticleState {
  readonly id: string;
  readonly topic: string;
  readonly position: number;
  readonly sourceLocale: string;
  readonly deletedAt: Date | null;
  readonly helped: { readonly yes: number; readonly no: number };
  readonly translations: readonly TranslationState[];
}

export interface Version extends ArticleTranslation {
  readonly version: number;
  readonly sourceVersion: number | null;
  readonly savedAt: Date;
  readonly savedBy: string | null;
  readonly publishedAt: Date | null;
}

export type SaveResult =
  | { readonly outcome: "saved"; readonly version: number }
  | { readonly outcome: "not-found" }
  /** Somebody saved in between; nothing was written. */
  | { readonly outcome: "newer"; readonly newest: number };

/** Every article with the state of its translations, also those set aside. */
export async function listArticles(db: Db): Promise<ArticleState[]> {
  return db.run(
    (sql) => sql<ArticleState[]>`
      select a.id, a.topic, a.position, a.source_locale as "sourceLocale", a.deleted_at as "deletedAt",
        json_build_object('yes', coalesce(f.yes, 0), 'no', coalesce(f.no, 0)) as helped,
        coalesce(v.translations, '[]') as translations
      from articles a
      left join (select article_id, count(*) filter (where helped) as yes, count(*) filter (where not helped) as no
        from article_feedback group by article_id) f on f.article_id = a.id
      left join (
        select n.article_id, json_agg(json_build_object('locale', n.locale, 'question', n.question,
            'published', t.version, 'newest', n.version, 'savedAt', n.saved_at, 'savedBy', g.name,
            'outOfDate', n.locale <> b.source_locale and coalesce(n.source_version, 0) < coalesce(s.version, 0)
          ) order by n.locale <> b.source_locale, n.locale) as translations
        from (select distinct on (article_id, locale) * from article_versions order by article_id, locale, version desc) n
        join articles b on b.id = n.article_id
        left join article_translations t on t.article_id = n.article_id and t.locale = n.locale
        left join article_translations s on s.article_id = n.article_id and s.locale = b.source_locale
        left join agents g on g.id = n.saved_by
        group by n.article_id) v on v.article_id = a.id
      order by a.position, a.id`,
  );
}

/** The texts of a translation, newest first; empty when there is no such translation. */
export async function versionsOf(db: Db, articleId: string, locale: string): Promise<Version[]> {
  return db.run(
    (sql) => sql<Version[]>`
      select v.version, v.question, v.answer, v.short, v.samples, v.source_version as "sourceVersion",
        v.saved_at as "savedAt", g.name as "savedBy", v.published_at as "publishedAt"
      from article_versions v left join agents g on g.id = v.saved_by
      where v.article_id = ${articleId} and v.locale = ${locale} order by v.version desc limit ${versionsShownMax}`,
  );
}

/** Older ones are kept; nobody scrolls further. */
const versionsShownMax = 100;

/** Makes an article with its first text as a draft. False when there is one of that id already. */
export async function createArticle(
  db: Db,
  by: string,
  made: { readonly id: string; readonly topic: string; readonly locale: string; readonly text: ArticleTranslation },
): Promise<boolean> {
  return db.transaction(async (sql) => {
    const rows = await sql`insert into articles (id, topic, position, source_locale)
      values (${made.id}, ${made.topic}, (select coalesce(max(position), 0) + 1 from articles), ${made.locale})
      on conflict do nothing returning id`;
    if (rows.length === 0) return false;
    await addVersion(sql, by, made.id, made.locale, made.text);
    await noteDone(sql, by, "article-created", made.id);
    return true;
  });
}

/** Saves a text as the newest version, a draft. `base` is the version it was written on; 0 for a new language. */
export async function saveDraft(
  db: Db,
  by: string,
  { articleId, locale, base, text }: { articleId: string; locale: string; base: number; text: ArticleTranslation },
): Promise<SaveResult> {
  return db.transaction(async (sql) => {
    if (!(await lockArticle(sql, articleId))) return { outcome: "not-found" };
    const newest = await newestVersion(sql, articleId, locale);
    if (newest !== base) return { outcome: "newer", newest };
    return { outcome: "saved", version: await addVersion(sql, by, articleId, locale, text) };
  });
}

/** Shows a version to customers and the assistant, in place of the one they had. False when there is none such. */
export async function publishVersion(
  db: Db,
  by: string,
  { articleId, locale, version }: { articleId: string; locale: string; version: number },
): Promise<boolean> {
  return db.transaction(async (sql) => {
    if (!(await lockArticle(sql, articleId))) return false;
    return publish(sql, by, articleId, locale, version);
  });
}

/** Takes a translation away from customers; its versions stay, and publishing one brings it back. */
export async function withdrawTranslation(db: Db, by: string, articleId: string, locale: string): Promise<boolean> {
  return db.transaction(async (sql) => {
    const rows = await sql`delete from article_translations where article_id = ${articleId} and locale = ${locale}
      returning locale`;
    if (rows.length === 0) return false;
    await noteDone(sql, by, "article-withdrawn", articleId, { locale });
    return true;
  });
}

/** Says that a translation still fits its source although that was published anew. */
export async function markUpToDate(db: Db, by: string, articleId: string, locale: string): Promise<boolean> {
  return db.transaction(async (sql) => {
    if (!(await lockArticle(sql, articleId))) return false;
    const source = await publishedSource(sql, articleId);
    const rows = await sql`update article_versions v set source_version = ${source}
      where article_id = ${articleId} and locale = ${locale}
        and version = (select max(version) from article_versions where article_id = ${articleId} and locale = ${locale})
      returning version`;
    if (rows.length === 0) return false;
    await sql`update article_translations set source_version = ${source}
      where article_id = ${articleId} and locale = ${locale}`;
    await noteDone(sql, by, "article-translation-checked", articleId, { locale });
    return true;
  });
}

/** Changes where an article stands. False when there is none such. */
export async function arrangeArticle(
  db: Db,
  by: string | null,
  articleId: string,
  change: { readonly topic?: string | undefined; readonly position?: number | undefined; readonly deleted?: boolean },
): Promise<boolean> {
  return db.transaction(async (sql) => {
    const rows = await sql`update articles set topic = coalesce(${change.topic ?? null}, topic),
        position = coalesce(${change.position ?? null}::int, position),
        deleted_at = case ${change.deleted ?? null}::boolean when true then coalesce(deleted_at, now())
          when false then null else deleted_at end
      where id = ${articleId} returning id`;
    if (rows.length === 0) return false;
    const action =
      change.deleted === undefined ? "article-arranged" : change.deleted ? "article-deleted" : "article-restored";
    await noteDone(sql, by, action, articleId);
    return true;
  });
}

/** One translation from a file: saved when it says something new, and published when that is wished. */
export async function importTranslation(
  db: Db,
  by: string | null,
  file: {
    readonly articleId: string;
    readonly locale: string;
    readonly topic: string | null;
    readonly text: ArticleTranslation;
    readonly publish: boolean;
  },
): Promise<"unchanged" | "saved" | "published"> {
  const { articleId, locale, topic, text } = file;
  return db.transaction(async (sql) => {
    await sql`insert into articles (id, topic, position, source_locale)
      values (${articleId}, ${topic ?? "other"}, (select coalesce(max(position), 0) + 1 from articles), ${locale})
      on conflict do nothing`;
    await lockArticle(sql, articleId);
    const [same] = await sql<{ version: number; published: boolean }[]>`
      select v.version, t.version is not null as published from article_versions v
      left join article_translations t on t.article_id = v.article_id and t.locale = v.locale and t.version = v.version
      where v.article_id = ${articleId} and v.locale = ${locale} and v.question = ${text.question}
        and v.answer = ${text.answer} and v.short = ${text.short} and v.samples = ${sql.json([...text.samples])}::jsonb
        and (t.version is not null or v.version = (
          select max(version) from article_versions where article_id = ${articleId} and locale = ${locale}))
      order by t.version nulls last limit 1`;
    if (same !== undefined && (same.published || !file.publish)) return "unchanged";
    const version = same?.version ?? (await addVersion(sql, by, articleId, locale, text));
    if (!file.publish) return "saved";
    await publish(sql, by, articleId, locale, version);
    return "published";
  });
}

async function addVersion(
  sql: TransactionSql,
  by: string | null,
  articleId: string,
  locale: string,
  text: ArticleTranslation,
): Promise<number> {
  const version = (await newestVersion(sql, articleId, locale)) + 1;
  const source = await publishedSource(sql, articleId);
  await sql`insert into article_versions
      (article_id, locale, version, question, answer, short, samples, saved_by, source_version)
    select ${articleId}, ${locale}, ${version}, ${text.question}, ${text.answer}, ${text.short},
      ${sql.json([...text.samples])}, ${by}, case when source_locale = ${locale} then null else ${source}::int end
    from articles where id = ${articleId}`;
  return version;
}

async function publish(
  sql: TransactionSql,
  by: string | null,
  articleId: string,
  locale: string,
  version: number,
): Promise<boolean> {
  const rows = await sql`
    with chosen as (
      update article_versions set published_at = now()
      where article_id = ${articleId} and locale = ${locale} and version = ${version} returning *)
    insert into article_translations
        (article_id, locale, question, answer, short, samples, version, source_version, updated_at)
      select article_id, locale, question, answer, short, samples, version, source_version, now() from chosen
      on conflict (article_id, locale) do update set question = excluded.question, answer = excluded.answer,
        short = excluded.short, samples = excluded.samples, version = excluded.version,
        source_version = excluded.source_version, updated_at = now()
      returning version`;
  if (rows.length === 0) return false;
  await noteDone(sql, by, "article-published", articleId, { locale, version });
  return true;
}

async function lockArticle(sql: TransactionSql, articleId: string): Promise<boolean> {
  const rows = await sql`select 1 from articles where id = ${articleId} for update`;
  return rows.length > 0;
}

async function newestVersion(sql: TransactionSql, articleId: string, locale: string): Promise<number> {
  const [row] = await sql<{ newest: number }[]>`select coalesce(max(version), 0) as newest from article_versions
    where article_id = ${articleId} and locale = ${locale}`;
  return row?.newest ?? 0;
}

async function publishedSource(sql: TransactionSql, articleId: string): Promise<number | null> {
  const [row] = await sql<{ version: number }[]>`select t.version from articles a
    join article_translations t on t.article_id = a.id and t.locale = a.source_locale where a.id = ${articleId}`;
  return row?.version ?? null;
}

/** Who did it (audit log), and that every process should look again. */
async function noteDone(
  sql: TransactionSql,
  by: string | null,
  action: string,
  articleId: string,
  data: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  await sql`insert into audit_log (agent_id, action, subject, data)
    values (${by}, ${action}, ${articleId}, ${sql.json(asJson(data))})`;
  await sql`update content_version set version = version + 1`;
}
