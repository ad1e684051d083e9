import { escapeHtml } from "../lib/escape-html.ts";
import type { Shelf } from "./library.ts";
import { pageWords, spokenIn } from "./words.ts";

/** Longer questions to the search are cut in the field; nobody reads the results of a novel. */
export const queryMaxChars = 200;

/** The address of an article's page. */
export function articlePath(locale: string, id: string): string {
  return `/help/${encodeURIComponent(locale)}/${encodeURIComponent(id)}`;
}

/** The search field; a plain form that help.js makes suggest. */
export function searchForm(locale: string, query = ""): string {
  const say = pageWords(locale);
  const home = `/help/${encodeURIComponent(locale)}`;
  return `<form class="find" role="search" action="${home}" method="get" data-suggest="${home}/suggest" data-label="${say.suggestions}"><div><label class="hidden" for="q">${say.searchFor}</label><input id="q" name="q" type="search" value="${escapeHtml(query)}" placeholder="${say.searchHint}" maxlength="${queryMaxChars}" autocomplete="off" dir="auto" required></div><button type="submit">${say.search}</button></form>`;
}

/** "Chat with us" and "Request a call"; without script the page says beside them what works. */
export function waysToReachUs(locale: string, chat = `/help/${locale}#chat`): string {
  const say = pageWords(locale);
  return `<p class="ways"><a class="button" href="${escapeHtml(chat)}" data-everline-open>${say.chat}</a><a class="button second" href="/call?lang=${encodeURIComponent(locale)}">${say.call}</a></p><noscript><p>${say.noScript}</p></noscript>`;
}

/** Links to articles by their questions. */
export function questionLinks(
  shelf: Shelf,
  locale: string,
  ids: readonly string[],
  options: { readonly anchors?: boolean } = {},
): string {
  const items = ids.flatMap((id) => {
    const translation = shelf.byId.get(id)?.translations[locale];
    if (translation === undefined) return [];
    const anchor = options.anchors === true ? ` id="${escapeHtml(id)}"` : "";
    return [`<li${anchor}><a href="${articlePath(locale, id)}">${escapeHtml(translation.question)}</a></li>`];
  });
  return items.length === 0 ? "" : `<ul class="links">${items.join("")}</ul>`;
}

/** The topics that have something to read in a language, with their articles in order; the rest at the end. */
export function topicsIn(
  { topics, articles }: Shelf,
  locale: string,
): { readonly id: string; readonly name: string; readonly articles: readonly string[] }[] {
  const written = articles.filter(({ translations }) => translations[locale] !== undefined);
  const known = new Set(topics.map(({ id }) => id));
  const named = topics.map(({ id, names }) => ({
    id,
    name: names[locale] ?? names[spokenIn(locale)] ?? names.en ?? id,
    articles: written.filter(({ topic }) => topic === id).map((article) => article.id),
  }));
  const rest = written.filter(({ topic }) => !known.has(topic)).map(({ id }) => id);
  return [...named, { id: "other", name: pageWords(locale).otherQuestions, articles: rest }].filter(
    (topic) => topic.articles.length > 0,
  );
}
