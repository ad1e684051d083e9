import { escapeHtml } from "../lib/escape-html.ts";
import type { Shelf } from "./library.ts";
import { type InLanguage, inEveryLanguage } from "./page.ts";
import { articlePath } from "./pieces.ts";

/** Every page a search engine may keep, each with its other languages. */
export function sitemap({ locales, articles }: Shelf, publicUrl: string): string {
  const homes = locales.map((locale) => ({ locale, path: `/help/${locale}` }));
  const homeLinks = alternates(inEveryLanguage(homes, "/"), publicUrl);
  const pages = articles.flatMap(({ id, translations, updatedAt }) => {
    const written = locales.filter((locale) => locale in translations);
    const texts = written.map((locale) => ({ locale, path: articlePath(locale, id) }));
    const links = alternates(inEveryLanguage(texts), publicUrl);
    return texts.map(({ locale, path }) => entry(publicUrl + path, updatedAt[locale] ?? null, links));
  });
  const all = [...homes.map(({ path }) => entry(publicUrl + path, null, homeLinks)), ...pages];
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
${all.join("\n")}
</urlset>
`;
}

function entry(url: string, changed: Date | null, links: string): string {
  const day = changed === null ? "" : `<lastmod>${changed.toISOString().slice(0, 10)}</lastmod>`;
  return `<url><loc>${escapeHtml(url)}</loc>${day}${links}</url>`;
}

function alternates(pages: readonly InLanguage[], publicUrl: string): string {
  return pages
    .map(
      ({ locale, path }) => `<xhtml:link rel="alternate" hreflang="${locale}" href="${escapeHtml(publicUrl + path)}"/>`,
    )
    .join("");
}
