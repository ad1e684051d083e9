import MiniSearch from "minisearch";
import type { Shelf } from "./library.ts";

const resultsMax = 10;
/** Relative to the best result; below it are those that share only a common word with the question. */
const scoreShareMin = 0.25;
/** A fifth of a word's letters may be wrong; in shorter words every letter counts. */
const typoShare = 0.2;
const typoWordMinChars = 4;
const prefixMinChars = 2;

/** Ids of the articles of a language that fit a question, best first. Forgiving of typing errors; the last word may be unfinished. */
export type Search = (locale: string, query: string, limit?: number) => readonly string[];

/** Indexes a language when it is first searched, and again when its articles have changed. */
export function createSearch(shelf: () => Shelf): Search {
  let indexed = shelf();
  let indexes = new Map<string, MiniSearch>();
  return (locale, query, limit = resultsMax) => {
    const now = shelf();
    if (now !== indexed) [indexed, indexes] = [now, new Map()];
    const index = indexes.get(locale) ?? indexLanguage(now, locale);
    indexes.set(locale, index);
    const found = index.search(query);
    const enough = (found[0]?.score ?? 0) * scoreShareMin;
    return found
      .filter(({ score }) => score >= enough)
      .slice(0, limit)
      .map(({ id }) => String(id));
  };
}

function indexLanguage({ articles }: Shelf, locale: string): MiniSearch {
  const segmenter = new Intl.Segmenter(locale, { granularity: "word" });
  const index = new MiniSearch({
    fields: ["question", "answer", "samples"],
    // Chinese, Japanese and Thai put no spaces between words.
    tokenize: (text) =>
      [...segmenter.segment(text)].flatMap(({ segment, isWordLike }) => (isWordLike === true ? [segment] : [])),
    processTerm: (term) => plainTerm(term, locale),
    searchOptions: {
      boost: { question: 3 },
      prefix: (term, at, terms) => at === terms.length - 1 && term.length >= prefixMinChars,
      fuzzy: (term) => (term.length >= typoWordMinChars ? typoShare : false),
    },
  });
  index.addAll(
    articles.flatMap(({ id, translations }) => {
      const article = translations[locale];
      if (article === undefined) return [];
      return [{ id, question: article.question, answer: article.answer, samples: article.samples.join("\n") }];
    }),
  );
  return index;
}

/** One spelling for all: small letters, no accents, and in Arabic no vowel signs, one alef, no article. */
function plainTerm(term: string, locale: string): string | null {
  const plain = term
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "");
  if (locale !== "ar") return plain;
  return plain
    .replace(/\u0640/g, "")
    .replace(/[\u0622\u0623\u0625\u0671]/g, "\u0627")
    .replace(/\u0649/g, "\u064a")
    .replace(/\u0629/g, "\u0647")
    .replace(/^[\u0648\u0641]?[\u0628\u0643\u0644]?\u0627\u0644(?=.{3})|^\u0644\u0644(?=.{3})/u, "");
}
