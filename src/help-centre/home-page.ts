import { escapeHtml } from "../lib/escape-html.ts";
import { aboutTopic } from "./articles.ts";
import type { Shelf } from "./library.ts";
import type { Page } from "./page.ts";
import { articlePath, questionLinks, searchForm, topicsIn, waysToReachUs } from "./pieces.ts";
import { structuredData } from "./structured-data.ts";
import { pageWords } from "./words.ts";

/** The customer-service page of a language: search, ways to reach us, every question by topic. */
export function homePage(shelf: Shelf, locale: string, publicUrl: string): Page {
  const say = pageWords(locale);
  const topics = topicsIn(shelf, locale).filter(({ id }) => id !== aboutTopic);
  const questions = topics.map(
    ({ id, name, articles }) =>
      `<section id="topic-${escapeHtml(id)}"><h3>${escapeHtml(name)}</h3>${questionLinks(shelf, locale, articles, { anchors: true })}</section>`,
  );
  const body = `<div class="hero"><h1>${say.hero}</h1><p class="lead">${say.lead}</p>${searchForm(locale)}${waysToReachUs(locale, "#chat")}</div>
<h2>${say.how}</h2><p class="text">${say.howText}</p><ul class="cards">${[
    card(say.instant, say.instantText),
    card(say.chat, say.chatText),
    card(say.call, say.callText),
  ].join("")}</ul>
<h2 id="questions">${say.questions}</h2>${questions.length === 0 ? `<p>${say.empty}</p>` : `<div class="topics">${questions.join("")}</div>`}
${moreWays(shelf, locale)}<h2 id="chat">${say.away}</h2><p class="text">${say.awayText}</p>`;
  const path = `/help/${locale}`;
  return {
    locale,
    title: say.hero,
    description: `${say.lead}. ${say.howText}`,
    path,
    body,
    // There the browser's languages choose.
    inAnyLanguage: "/",
    head: structuredData({
      "@type": "WebSite",
      name: shelf.company,
      url: publicUrl + path,
      inLanguage: locale,
      potentialAction: {
        "@type": "SearchAction",
        target: `${publicUrl}${path}?q={query}`,
        "query-input": "required name=query",
      },
    }),
  };
}

function card(title: string, text: string): string {
  return `<li><h3>${title}</h3><p>${text}</p></li>`;
}

/** The pages about the company itself, each with the first sentences of its short text. */
function moreWays(shelf: Shelf, locale: string): string {
  const pages = shelf.articles.filter(({ topic }) => topic === aboutTopic);
  const cards = pages.flatMap(({ id, translations }) => {
    const page = translations[locale];
    return page === undefined
      ? []
      : [
          `<li><h3><a href="${articlePath(locale, id)}">${escapeHtml(page.question)}</a></h3><p>${escapeHtml(page.short)}</p></li>`,
        ];
  });
  return cards.length === 0 ? "" : `<h2>${pageWords(locale).more}</h2><ul class="cards">${cards.join("")}</ul>`;
}
