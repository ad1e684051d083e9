import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface ArticleTranslation {
  readonly question: string;
  /** Markdown. */
  readonly answer: string;
  /** For SMS and speech: at most 300 characters of plain text. */
  readonly short: string;
  readonly samples: readonly string[];
}

export interface Article {
  readonly id: string;
  readonly translations: Readonly<Record<string, ArticleTranslation>>;
}

/** One topic of content/topics.json: its names by language and the articles in it, in order. */
export interface TopicOfDemo {
  readonly id: string;
  readonly names: Readonly<Record<string, string>>;
  readonly articles: readonly string[];
}

/** Sample sentences of what is not an article: by intent, then by language. */
export type Intents = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The company's name stands where the content writes {{company}}. */
export const companyMark = /\{\{company\}\}/g;
/** To read content as it is kept in the database: the mark stays, the name comes in where a page or an answer is made. */
export const companyName = "{{company}}";

/** Reads content/articles/<id>/<locale>.md. Throws an Error that names the file and what it lacks. */
export async function readArticles(folder: string, company: string): Promise<Article[]> {
  const ids = (await readdir(folder)).sort();
  return Promise.all(
    ids.map(async (id) => ({
      id,
      translations: await byLocale(join(folder, id), (text, file) => parseArticle(text, file, company)),
    })),
  );
}

export async function readTopics(file: string): Promise<TopicOfDemo[]> {
  return JSON.parse(await readFile(file, "utf8")) as TopicOfDemo[];
}

/** Reads content/intents/<intent>/<locale>.md: one "- sentence" a line. */
export async function readIntents(folder: string, company: string): Promise<Intents> {
  const names = (await readdir(folder)).sort();
  const entries = await Promise.all(
    names.map(
      async (name) =>
        [
          name,
          await byLocale(join(folder, name), (text) => listItems(text.replace(companyMark, () => company))),
        ] as const,
    ),
  );
  return Object.fromEntries(entries);
}

/** Reads content/concepts/<locale>.md: one "- name: word, begin*, several words" a line. */
export function readConcepts(folder: string): Promise<Record<string, readonly string[]>> {
  return byLocale(folder, listItems);
}

async function byLocale<T>(folder: string, parse: (text: string, file: string) => T): Promise<Record<string, T>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".md")).sort();
  const entries = await Promise.all(
    files.map(
      async (file) =>
        [file.slice(0, -3), parse(await readFile(join(folder, file), "utf8"), join(folder, file))] as const,
    ),
  );
  return Object.fromEntries(entries);
}

/** One article's Markdown: "# question", the answer, "## short", "## samples". Pure. */
export function parseArticle(markdown: string, file: string, company: string): ArticleTranslation {
  const text = markdown.replace(companyMark, () => company).replace(/\r\n/g, "\n");
  const match =
    /^# (?<question>.+)\n+(?<answer>[\s\S]+?)\n## short\n(?<short>[\s\S]+?)\n## samples\n(?<samples>[\s\S]+)$/.exec(
      text,
    );
  const { question, answer, short, samples } = match?.groups ?? {};
  if (question === undefined || answer === undefined || short === undefined || samples === undefined) {
    throw new Error(`${file}: an article needs "# question", its answer, "## short" and "## samples", in this order.`);
  }
  return { question: question.trim(), answer: answer.trim(), short: short.trim(), samples: listItems(samples) };
}

function listItems(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => (line.startsWith("- ") ? [line.slice(2).trim()] : []));
}
