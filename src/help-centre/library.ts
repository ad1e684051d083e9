import type { Db } from "../db/client.ts";
import type { Log } from "../lib/log.ts";
import { type Brand, brandSetting } from "../settings/brand.ts";
import { languagesSetting } from "../settings/languages.ts";
import { readSetting } from "../settings/settings.ts";
import { type Topic, topicsSetting } from "../settings/topics.ts";
import { loadArticles, type StoredArticle } from "./articles.ts";
import { companyMark } from "./read-articles.ts";

/** How soon a change made in another process is seen here; the look costs one row. */
const lookEveryMs = 1_000;

/** What customers may read at one moment; never changed, only replaced. */
export interface Shelf {
  readonly version: number;
  readonly company: string;
  readonly brand: Brand;
  /** The languages customers choose from, the usual one first. */
  readonly locales: readonly string[];
  /** Those that the operator chose; null: all that articles are written in. */
  readonly chosenLocales: readonly string[] | null;
  readonly topics: readonly Topic[];
  readonly articles: readonly StoredArticle[];
  readonly byId: ReadonlyMap<string, StoredArticle>;
}

export interface Library {
  current(): Shelf;
  /** Looks now, instead of at the next second. Resolves when `current` is as new as the database. */
  refresh(): Promise<void>;
  /** Calls the listener with each new shelf. */
  onChange(listener: (shelf: Shelf) => void): void;
  close(): void;
}

/** Keeps the published articles and the brand at hand, and follows changes of any process. Without the database the last shelf stays. */
export async function openLibrary(deps: {
  readonly db: Db;
  /** The name until a setting says another. */
  readonly company: string;
  readonly log: Log;
}): Promise<Library> {
  const listeners: ((shelf: Shelf) => void)[] = [];
  let shelf = await readShelf(deps.db, deps.company);
  let looking: Promise<void> | null = null;
  async function look(): Promise<void> {
    if ((await readVersion(deps.db)) === shelf.version) return;
    shelf = await readShelf(deps.db, deps.company);
    for (const listener of listeners) listener(shelf);
  }
  const timer = setInterval(() => {
    looking ??= look()
      // The database is away; its own state is logged where it is watched, and the next second looks again.
      .catch(() => undefined)
      .finally(() => {
        looking = null;
      });
  }, lookEveryMs);
  timer.unref();
  return {
    current: () => shelf,
    async refresh() {
      // A look that is under way may have begun before the change.
      await looking;
      await look();
    },
    onChange: (listener) => void listeners.push(listener),
    close: () => clearInterval(timer),
  };
}

async function readShelf(db: Db, usualCompany: string): Promise<Shelf> {
  // Before the content: a change in between is then seen at the next look.
  const version = await readVersion(db);
  const brand = await readSetting(db, brandSetting);
  const { locales: chosen } = await readSetting(db, languagesSetting);
  const { topics } = await readSetting(db, topicsSetting);
  const company = brand.company ?? usualCompany;
  const articles = (await loadArticles(db)).map((article) => named(article, company));
  const written = [...new Set(articles.flatMap(({ translations }) => Object.keys(translations)))];
  return {
    version,
    company,
    brand,
    locales: chosen ?? usualOrder(written),
    chosenLocales: chosen,
    topics: topics.map(({ id, names }) => ({ id, names: mapValues(names, (name) => put(name, company)) })),
    articles,
    byId: new Map(articles.map((article) => [article.id, article])),
  };
}

/** English first, because readers of a language that is not there get the first; the others by their own names. */
function usualOrder(locales: readonly string[]): readonly string[] {
  const others = locales.filter((locale) => locale !== "en").sort();
  return locales.includes("en") || locales.length === 0 ? ["en", ...others] : others;
}

async function readVersion(db: Db): Promise<number> {
  const [row] = await db.run((sql) => sql<{ version: number }[]>`select version from content_version`);
  return row?.version ?? 0;
}

/** The article with the company's name where it writes {{company}}. */
function named(article: StoredArticle, company: string): StoredArticle {
  return {
    ...article,
    translations: mapValues(article.translations, ({ question, answer, short, samples }) => ({
      question: put(question, company),
      answer: put(answer, company),
      short: put(short, company),
      samples: samples.map((sample) => put(sample, company)),
    })),
  };
}

function put(text: string, company: string): string {
  return text.replace(companyMark, () => company);
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
