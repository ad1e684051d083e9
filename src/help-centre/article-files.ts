import { z } from "zod";
import type { Db } from "../db/client.ts";
import { readSetting, writeSetting } from "../settings/settings.ts";
import { topicsSetting } from "../settings/topics.ts";
import { articleId, articleLocale, articleText, articleToMarkdown } from "./article-text.ts";
import { loadArticles } from "./articles.ts";
import { arrangeArticle, importTranslation } from "./edit-articles.ts";
import { companyName, parseArticle } from "./read-articles.ts";

/** One file of an export: "late-fee/sv.md" or "topics.json". */
export interface ContentFile {
  readonly path: string;
  readonly text: string;
}

export interface ImportReport {
  readonly published: number;
  readonly saved: number;
  readonly unchanged: number;
  /** Sentences, each naming its file; such files changed nothing. */
  readonly faults: readonly string[];
}

const topicsFile = "topics.json";
const topicsShape = z.array(
  z.object({ id: z.string(), names: z.record(z.string(), z.string()), articles: z.array(z.string()).default([]) }),
);

/** Every published article as Markdown, and the topics; `importFiles` takes them back. */
export async function exportFiles(db: Db): Promise<ContentFile[]> {
  const articles = await loadArticles(db);
  const { topics } = await readSetting(db, topicsSetting);
  const sorted = topics.map(({ id, names }) => ({
    id,
    names,
    articles: articles.filter(({ topic }) => topic === id).map((article) => article.id),
  }));
  const texts = articles.flatMap(({ id, translations }) =>
    Object.entries(translations).map(([locale, text]) => ({
      path: `${id}/${locale}.md`,
      text: articleToMarkdown(text),
    })),
  );
  return [{ path: topicsFile, text: `${JSON.stringify(sorted, null, 2)}\n` }, ...texts];
}

/**
 * Takes in Markdown files `<article>/<language>.md`; texts that are there already change nothing, so it may be repeated.
 * Unless it publishes, customers see what they saw: drafts are saved, and topics stay.
 */
export async function importFiles(
  db: Db,
  by: string | null,
  files: readonly ContentFile[],
  options: { readonly publish: boolean },
): Promise<ImportReport> {
  const count = { published: 0, saved: 0, unchanged: 0 };
  const faults: string[] = [];
  const topics = readTopics(files, faults);
  // One look tells what most files of a repeated import are: there already.
  const shown = new Set((await exportFiles(db)).map(({ path, text }) => `${path}\n${text}`));
  const deleted = await deletedArticles(db);
  // English first: the language that a new article is first seen in becomes its source.
  const inOrder = [...files].sort((a, b) => Number(b.path.endsWith("/en.md")) - Number(a.path.endsWith("/en.md")));
  for (const { path, text } of inOrder) {
    if (isTopics(path)) continue;
    const read = readFile(path, text);
    if (typeof read === "string") faults.push(read);
    else if (deleted.has(read.articleId))
      faults.push(`${path}: the article was deleted. Take it back in /inbox/articles first, or give it another name.`);
    else if (shown.has(`${read.articleId}/${read.locale}.md\n${articleToMarkdown(read.text)}`)) count.unchanged += 1;
    else {
      const topic = topics?.find(({ articles }) => articles.includes(read.articleId))?.id ?? null;
      count[await importTranslation(db, by, { ...read, topic, publish: options.publish })] += 1;
    }
  }
  if (topics !== null && options.publish) await arrange(db, by, topics);
  return { ...count, faults };
}

async function deletedArticles(db: Db): Promise<ReadonlySet<string>> {
  const rows = await db.run((sql) => sql<{ id: string }[]>`select id from articles where deleted_at is not null`);
  return new Set(rows.map(({ id }) => id));
}

function isTopics(path: string): boolean {
  return path === topicsFile || path.endsWith(`/${topicsFile}`);
}

function readTopics(files: readonly ContentFile[], faults: string[]): z.output<typeof topicsShape> | null {
  const file = files.find(({ path }) => isTopics(path));
  if (file === undefined) return null;
  try {
    const topics = topicsShape.parse(JSON.parse(file.text));
    topicsSetting.schema.parse({ topics: topics.map(({ id, names }) => ({ id, names })) });
    return topics;
  } catch {
    faults.push(`${file.path}: is not a list of topics with "id", "names" and "articles".`);
    return null;
  }
}

/** What a file holds, or the sentence that says why it cannot be taken. */
function readFile(path: string, markdown: string) {
  const [, folder = "", name = ""] = /([^/\\]+)[/\\]([^/\\]+)\.md$/.exec(path) ?? [];
  const id = articleId.safeParse(folder);
  const locale = articleLocale.safeParse(name);
  if (!id.success || !locale.success) return `${path}: must be named <article>/<language>.md, such as late-fee/sv.md.`;
  try {
    const text = articleText.safeParse(parseArticle(markdown, path, companyName));
    if (text.success) return { articleId: id.data, locale: locale.data, text: text.data };
    return `${path}: ${text.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")}.`;
  } catch (error) {
    return error instanceof Error ? error.message : `${path}: cannot be read.`;
  }
}

async function arrange(db: Db, by: string | null, topics: z.output<typeof topicsShape>): Promise<void> {
  const value = { topics: topics.map(({ id, names }) => ({ id, names })) };
  const now = await readSetting(db, topicsSetting);
  if (JSON.stringify(now) !== JSON.stringify(value)) await writeSetting(db, topicsSetting.key, value, by);
  const stand = topics.flatMap((topic) => topic.articles.map((id) => ({ id, topic: topic.id })));
  const before = new Map((await loadArticles(db)).map(({ id, topic }, position) => [id, `${topic} ${position}`]));
  for (const [position, { id, topic }] of stand.entries())
    if (before.get(id) !== `${topic} ${position}`) await arrangeArticle(db, by, id, { topic, position });
}
