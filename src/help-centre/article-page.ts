import { escapeHtml } from "../lib/escape-html.ts";
import { toPlain } from "../lib/markdown.ts";
import { aboutTopic, type StoredArticle } from "./articles.ts";
import type { Shelf } from "./library.ts";
import { markdownToHtml } from "./markdown.ts";
import type { Page } from "./page.ts";
import { articlePath, questionLinks, searchForm, topicsIn, waysToReachUs } from "./pieces.ts";
import { breadcrumbList, questionAndAnswer } from "./structured-data.ts";
import { directionOf, fillWords, languageNameIn, pageWords, spokenIn } from "./words.ts";

const relatedMax = 5;

export interface ArticleView {
  readonly shelf: Shelf;
  readonly locale: string;
  readonly article: StoredArticle;
  readonly publicUrl: string;
  readonly related: readonly string[];
  /** What the reader has just answered to "did that help?". */
  readonly helped: "yes" | "no" | null;
}

/** One article in the reader's language, or honestly in another where it is not translated. Null when it is in none. */
export function articlePage({ shelf, locale, article, publicUrl, related, helped }: ArticleView): Page | null {
  const { id, topic, translations } = article;
  const say = pageWords(locale);
  const written = [locale, ...shelf.locales, ...Object.keys(translations)].find((one) => one in translations);
  const translation = written === undefined ? undefined : translations[written];
  if (written === undefined || translation === undefined) return null;
  const foreign = written !== locale;
  const direction = ` lang="${escapeHtml(written)}" dir="${directionOf(written)}"`;
  const changed = article.updatedAt[written];
  const path = articlePath(locale, id);
  const topicName = topicsIn(shelf, locale).find((one) => one.id === topic)?.name;
  const crumbs = [
    { name: say.home, path: `/help/${locale}` },
    ...(topicName === undefined || topic === aboutTopic
      ? []
      : [{ name: topicName, path: `/help/${locale}#topic-${topic}` }]),
  ];
  const others = related.filter((one) => one !== id).slice(0, relatedMax);
  const links = questionLinks(shelf, locale, others);
  const body = `${searchForm(locale)}
<nav class="crumbs" aria-label="${say.breadcrumb}"><ol>${crumbs.map((crumb) => `<li><a href="${escapeHtml(crumb.path)}">${escapeHtml(crumb.name)}</a></li>`).join("")}</ol></nav>
${foreign ? `<p class="panel">${fillWords(say.notTranslated, { language: languageNameIn(spokenIn(locale), written) })}</p>` : ""}
<article${foreign ? direction : ""}><h1>${escapeHtml(translation.question)}</h1>${markdownToHtml(translation.answer)}</article>
${changed === undefined ? "" : `<p class="quiet">${say.updated}: <time datetime="${changed.toISOString()}">${dateIn(locale, changed)}</time></p>`}
${feedback(path, locale, helped)}
${links === "" ? "" : `<section class="related"><h2>${say.related}</h2>${links}</section>`}
${helped === "no" ? "" : `<section class="stuck"><h2>${say.stillStuck}</h2>${waysToReachUs(locale)}</section>`}`;
  return {
    locale,
    title: translation.question,
    description: translation.short,
    path,
    body,
    indexed: !foreign && helped === null,
    inLanguage: (other) => (other in translations ? articlePath(other, id) : null),
    head:
      breadcrumbList([
        ...crumbs.map(({ name, path: step }) => ({ name, url: publicUrl + step })),
        { name: translation.question, url: publicUrl + path },
      ]) + questionAndAnswer(translation.question, toPlain(translation.answer)),
  };
}

/** A form that works without script; the answer is said where the question was. */
function feedback(path: string, locale: string, helped: "yes" | "no" | null): string {
  const say = pageWords(locale);
  if (helped !== null)
    return `<section class="panel" id="feedback"><p role="status">${helped === "yes" ? say.thanksYes : say.thanksNo}</p>${helped === "no" ? waysToReachUs(locale) : ""}</section>`;
  return `<section class="panel" id="feedback" aria-labelledby="helped"><h2 id="helped">${say.helped}</h2><form method="post" action="${path}/feedback"><button class="second" name="helped" value="yes">${say.yes}</button><button class="second" name="helped" value="no">${say.no}</button></form></section>`;
}

function dateIn(locale: string, date: Date): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(date);
}
