import type { Page } from "../help-centre/page.ts";
import { escapeHtml } from "../lib/escape-html.ts";
import { demoCustomers } from "./customers.ts";
import { demoWords } from "./words.ts";

/** Three made-up customers, each one button; says honestly what it is. `notice`: what went wrong, if anything did. */
export function signInPage(locale: string, notice: "refused" | null): Page {
  const words = demoWords(locale);
  const customers = demoCustomers.map(
    ({ id, name, story }) =>
      `<li><button name="customer" value="${id}"><span class="face" aria-hidden="true">${escapeHtml(initials(name))}</span>` +
      `<span><strong>${escapeHtml(words.choose.replace("{name}", name))}</strong><small>${escapeHtml(words.story(story))}</small></span></button></li>`,
  );
  return {
    locale,
    title: words.title,
    path: "/demo/sign-in",
    indexed: false,
    head: '<link rel="stylesheet" href="/assets/demo/sign-in.css">',
    body: `<div class="demo-sign-in"><h1>${escapeHtml(words.title)}</h1>
${notice === null ? "" : `<p role="alert" class="notice">${escapeHtml(words.refused)}</p>`}<p>${escapeHtml(words.demo)}</p>
<form method="post" action="/demo/sign-in?lang=${encodeURIComponent(locale)}"><ul>${customers.join("")}</ul></form></div>`,
  };
}

function initials(name: string): string {
  return name
    .split(" ")
    .map((word) => word.slice(0, 1))
    .join("");
}
