import { escapeHtml, type Page } from "../help-centre/page.ts";
import type { Resumable } from "./resume-links.ts";
import { fillIn, reachWording, wordedLocale } from "./wording.ts";

/** What a resume link shows before anything happens: which conversation it opens, and nothing that was said in it. */
export function resumePage(company: string, found: Resumable | null, wish: string): Page {
  const locale = wordedLocale(found?.locale ?? wish);
  const words = reachWording(locale);
  if (found === null) return page(locale, words.goneTitle, paragraph(words.goneLead), toStart(words.goneButton));
  if (found.needsSignIn)
    return page(locale, words.signInTitle, paragraph(words.signInLead), toStart(words.signInButton));
  const began = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(found.beganAt);
  const facts = [
    fact(words.pageBegan, began),
    ...(found.unread > 0 ? [fact(words.pageUnread, new Intl.NumberFormat(locale).format(found.unread))] : []),
  ];
  return page(
    locale,
    words.pageTitle,
    `${paragraph(fillIn(words.pageLead, { company }))}${facts.join("")}${paragraph(words.pageShared)}`,
    `<form method="post"><button type="submit">${escapeHtml(words.pageButton)}</button></form>`,
  );
}

function page(locale: string, title: string, text: string, action: string): Page {
  return {
    title,
    locale,
    path: `/help/${locale}`,
    body: `<h1>${escapeHtml(title)}</h1>${text}${action}`,
    // One customer's own: no search engine keeps it, and it is in their language already.
    indexed: false,
    inLanguage: () => null,
  };
}

function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

function fact(name: string, value: string): string {
  return `<p>${escapeHtml(name)}: <strong>${escapeHtml(value)}</strong></p>`;
}

function toStart(text: string): string {
  return `<p><a class="button" href="/?chat=open">${escapeHtml(text)}</a></p>`;
}
