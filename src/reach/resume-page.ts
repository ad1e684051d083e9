import { type Page, signInAddress } from "../help-centre/page.ts";
import { escapeHtml } from "../lib/escape-html.ts";
import type { Resumable } from "./resume-links.ts";
import { fillIn, reachWording, wordedLocale } from "./wording.ts";

export interface ResumeView {
  readonly company: string;
  /** Where the company's customers sign in; null: nowhere to link to. */
  readonly signInUrl: string | null;
  readonly found: Resumable | null;
  /** The reader's languages, where the conversation has none. */
  readonly wish: string;
  /** Another site's page wanted the link used: nothing was done, and the customer is told what to do. */
  readonly foreign: boolean;
}

/** What a resume link shows before anything happens: which conversation it opens, and nothing that was said in it. */
export function resumePage({ company, signInUrl, found, wish, foreign }: ResumeView): Page {
  const locale = wordedLocale(found?.locale ?? wish);
  const words = reachWording(locale);
  if (found === null) return page(locale, words.goneTitle, paragraph(words.goneLead), linkTo(chat, words.goneButton));
  if (found.needsSignIn) {
    const next =
      signInUrl === null
        ? linkTo(chat, words.goneButton)
        : linkTo(signInAddress(signInUrl, locale), words.signInButton);
    return page(locale, words.signInTitle, paragraph(words.signInLead), next);
  }
  const began = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(found.beganAt);
  const facts = [
    ...(foreign ? [`<p role="alert">${escapeHtml(words.foreign)}</p>`] : []),
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

const chat = "/?chat=open";

function linkTo(address: string, text: string): string {
  return `<p><a class="button" href="${escapeHtml(address)}">${escapeHtml(text)}</a></p>`;
}
