import { escapeHtml } from "../lib/escape-html.ts";
import { directionOf, languageName, pageWords, spokenIn } from "./words.ts";

/** What every customers' page shows around its content. */
export interface Site {
  readonly company: string;
  /** Address of the logo; null shows the name alone. */
  readonly logo: string | null;
  /** The languages of the menu, the usual one first. */
  readonly locales: readonly string[];
  /** Where the company's customers sign in; null: nowhere to link to. */
  readonly signInUrl: string | null;
  /** Address of the style sheet, new with every change of it. */
  readonly stylesheet: string;
  /** As the outside calls this service, without a slash at the end. */
  readonly publicUrl: string;
}

export interface Page {
  readonly locale: string;
  /** Plain text, as everything here but `body` and `head`. */
  readonly title: string;
  readonly description?: string | undefined;
  /** With query, from the slash on: "/help/sv/late-fee". */
  readonly path: string;
  /** The content of <main>: HTML whose every foreign word went through `escapeHtml`. */
  readonly body: string;
  /** More of <head>: HTML; no inline script runs and no inline style applies (X6). */
  readonly head?: string | undefined;
  /** The language the body is written in, when it is not the page's. */
  readonly bodyLocale?: string | undefined;
  /** The same page in another language; null where there is none. By default the language in the path or `?lang=`. */
  readonly inLanguage?: ((locale: string) => string | null) | undefined;
  /** Where a reader of any other language goes; by default the page in the first language of the menu that it has. */
  readonly inAnyLanguage?: string | undefined;
  /** False for what a search engine should not keep: results, forms, links of one customer. */
  readonly indexed?: boolean | undefined;
}

/** Renders a page with what `site` says at that moment. */
export type RenderPage = (page: Page) => string;

export function createPageRenderer(site: () => Site): RenderPage {
  return (page) => renderPage(page, site());
}

/** A whole customers' page: header with the language menu, the content, footer; works without script, in any direction. */
export function renderPage(page: Page, site: Site): string {
  const { locale } = page;
  const say = pageWords(locale);
  const title = `${page.title} – ${site.company}`;
  const canonical = site.publicUrl + page.path;
  const indexed = page.indexed ?? true;
  const inLanguage = page.inLanguage ?? ((other: string) => translatedPath(page.path, other));
  const description =
    page.description === undefined ? "" : `<meta name="description" content="${escapeHtml(page.description)}">`;
  return `<!doctype html>
<html lang="${escapeHtml(locale)}" dir="${directionOf(locale)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>${description}<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="${escapeHtml(site.stylesheet)}">
${indexed ? `<link rel="canonical" href="${escapeHtml(canonical)}">${alternates(site, inLanguage, page.inAnyLanguage)}` : '<meta name="robots" content="noindex">'}
<meta property="og:type" content="website"><meta property="og:site_name" content="${escapeHtml(site.company)}"><meta property="og:title" content="${escapeHtml(page.title)}"><meta property="og:url" content="${escapeHtml(canonical)}"><meta property="og:locale" content="${escapeHtml(locale)}">${page.description === undefined ? "" : `<meta property="og:description" content="${escapeHtml(page.description)}">`}
<link rel="icon" href="/favicon.ico"><script defer src="/help.js"></script><script async src="/widget.js"></script>${page.head ?? ""}</head>
<body><a class="skip" href="#content">${say.skip}</a>
<header class="top"><a class="brand" href="/help/${encodeURIComponent(locale)}">${brand(site)}</a>${menu(page, site, inLanguage)}${signIn(page, site)}</header>
<main id="content"${page.bodyLocale === undefined ? "" : ` lang="${escapeHtml(page.bodyLocale)}" dir="${directionOf(page.bodyLocale)}"`}>${page.body}</main>
<footer class="bottom"><p>${escapeHtml(site.company)} · <a href="/help/${encodeURIComponent(locale)}">${say.service}</a></p></footer></body></html>`;
}

function brand({ logo, company }: Site): string {
  // The box is the same whatever the picture, so that nothing moves when it arrives.
  return logo === null
    ? escapeHtml(company)
    : `<img src="${escapeHtml(logo)}" alt="${escapeHtml(company)}" width="160" height="40">`;
}

function menu(page: Page, site: Site, inLanguage: (locale: string) => string | null): string {
  const links = site.locales.map((other) => {
    const current = other === page.locale ? ' aria-current="true"' : "";
    const address = inLanguage(other) ?? `/help/${other}`;
    return `<li><a href="${escapeHtml(address)}" lang="${other}" hreflang="${other}" dir="${directionOf(other)}"${current}>${escapeHtml(languageName(other))}</a></li>`;
  });
  if (links.length < 2) return "";
  const { language } = pageWords(page.locale);
  return `<nav class="languages" aria-label="${language}" lang="${spokenIn(page.locale)}"><ul>${links.join("")}</ul></nav>`;
}

/** Our own demo page knows the reader's language by the same parameter as every page here. */
export function signInAddress(signInUrl: string, locale: string): string {
  return signInUrl.startsWith("/") ? `${signInUrl}?lang=${encodeURIComponent(locale)}` : signInUrl;
}

function signIn({ locale }: Page, { signInUrl }: Site): string {
  if (signInUrl === null) return "";
  const address = signInAddress(signInUrl, locale);
  const { signIn: words, signedIn, signOut } = pageWords(locale);
  // The chat alone knows who is signed in on this device: help.js puts that in the place of the link.
  return `<div class="sign-in" data-signed-in="${signedIn}" data-sign-out="${signOut}"><a href="${escapeHtml(address)}">${words}</a></div>`;
}

function alternates(site: Site, inLanguage: (locale: string) => string | null, inAnyLanguage?: string): string {
  const pages = site.locales.flatMap((locale) => {
    const path = inLanguage(locale);
    return path === null ? [] : [{ locale, path }];
  });
  return inEveryLanguage(pages, inAnyLanguage)
    .map(
      ({ locale, path }) => `<link rel="alternate" hreflang="${locale}" href="${escapeHtml(site.publicUrl + path)}">`,
    )
    .join("");
}

export interface InLanguage {
  readonly locale: string;
  readonly path: string;
}

/** A page's languages as search engines want them: with the one for readers of any other language. */
export function inEveryLanguage(pages: readonly InLanguage[], inAnyLanguage = pages[0]?.path): readonly InLanguage[] {
  return inAnyLanguage === undefined ? pages : [...pages, { locale: "x-default", path: inAnyLanguage }];
}

function translatedPath(path: string, locale: string): string {
  if (path.startsWith("/help/")) return path.replace(/^\/help\/[^/?#]+/, `/help/${locale}`);
  const url = new URL(path, "http://here");
  url.searchParams.set("lang", locale);
  return url.pathname + url.search;
}
