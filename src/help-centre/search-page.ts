import { escapeHtml } from "../lib/escape-html.ts";
import type { Shelf } from "./library.ts";
import type { Page } from "./page.ts";
import { articlePath, questionLinks, searchForm, waysToReachUs } from "./pieces.ts";
import { fillWords, pageWords } from "./words.ts";

/** What was found for a question, or what to do when nothing was. */
export function searchPage(shelf: Shelf, locale: string, query: string, found: readonly string[]): Page {
  const say = pageWords(locale);
  const quoted = (text: string): string => fillWords(text, { query: `<bdi>${escapeHtml(query)}</bdi>` });
  const results = found.flatMap((id) => {
    const article = shelf.byId.get(id)?.translations[locale];
    return article === undefined
      ? []
      : [
          `<li><a href="${articlePath(locale, id)}">${escapeHtml(article.question)}</a><p>${escapeHtml(article.short)}</p></li>`,
        ];
  });
  const body =
    results.length === 0
      ? `${searchForm(locale, query)}<h1>${quoted(say.nothingFound)}</h1><p>${say.searchTips} ${say.nothingFoundText}</p>${waysToReachUs(locale)}<h2>${say.questions}</h2>${questionLinks(shelf, locale, firstQuestions(shelf))}`
      : `${searchForm(locale, query)}<h1>${quoted(say.found)}</h1><ol class="results">${results.join("")}</ol><h2>${say.stillStuck}</h2>${waysToReachUs(locale)}`;
  return {
    locale,
    title: fillWords(results.length === 0 ? say.nothingFound : say.found, { query }),
    path: `/help/${locale}?q=${encodeURIComponent(query)}`,
    body,
    indexed: false,
  };
}

const firstQuestionsMax = 8;

function firstQuestions({ articles }: Shelf): string[] {
  return articles.slice(0, firstQuestionsMax).map(({ id }) => id);
}
