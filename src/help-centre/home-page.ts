import type { Article } from "./read-articles.ts";

const words = {
  en: {
    name: "English",
    hero: "Get immediate support",
    lead: "24/7 help in any language",
    faq: "Frequently asked questions",
    chat: "Chat with us",
    write: "Write your question",
    send: "Send",
    person: "Talk to a person",
    call: "Call me back",
    ai: "You are talking to an AI assistant; a person is one click away.",
  },
  sv: {
    name: "Svenska",
    hero: "Få hjälp direkt",
    lead: "Hjälp dygnet runt på alla språk",
    faq: "Vanliga frågor",
    chat: "Chatta med oss",
    write: "Skriv din fråga",
    send: "Skicka",
    person: "Prata med en människa",
    call: "Ring mig",
    ai: "Du pratar med en AI-assistent; en människa är ett klick bort.",
  },
  de: {
    name: "Deutsch",
    hero: "Sofort Hilfe bekommen",
    lead: "Hilfe rund um die Uhr in jeder Sprache",
    faq: "Häufige Fragen",
    chat: "Chatten Sie mit uns",
    write: "Schreiben Sie Ihre Frage",
    send: "Senden",
    person: "Mit einem Menschen sprechen",
    call: "Rückruf anfordern",
    ai: "Sie sprechen mit einem KI-Assistenten; ein Mensch ist einen Klick entfernt.",
  },
  es: {
    name: "Español",
    hero: "Recibe ayuda al instante",
    lead: "Ayuda 24/7 en cualquier idioma",
    faq: "Preguntas frecuentes",
    chat: "Chatea con nosotros",
    write: "Escribe tu pregunta",
    send: "Enviar",
    person: "Hablar con una persona",
    call: "Que me llamen",
    ai: "Hablas con un asistente de IA; una persona está a un clic.",
  },
} as const;
type Locale = keyof typeof words;

/** The help centre's first page: every article readable without script, the chat beside them. */
export function renderHome(page: {
  readonly articles: readonly Article[];
  readonly company: string;
  readonly locale: string;
}): string {
  const locale = localeOf(page.locale);
  const text = words[locale];
  const questions = page.articles.flatMap(({ id, translations }) => {
    const article = translations[locale];
    return article === undefined
      ? []
      : [
          `<details id="${escapeHtml(id)}"><summary>${escapeHtml(article.question)}</summary>${paragraphs(article.answer)}</details>`,
        ];
  });
  const languages = Object.entries(words).map(
    ([code, { name }]) =>
      `<a href="/?lang=${code}" lang="${code}" hreflang="${code}"${code === locale ? ' aria-current="true"' : ""}>${name}</a>`,
  );
  return `<!doctype html><html lang="${locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.company)} – ${text.hero}</title><link rel="stylesheet" href="/assets/widget/widget.css"><script type="module" src="/assets/widget/widget.js"></script></head>
<body><header><strong>${escapeHtml(page.company)}</strong><nav aria-label="Language">${languages.join(" ")}</nav></header>
<main><section class="help"><h1>${text.hero}</h1><p class="lead">${text.lead}</p><h2>${text.faq}</h2>${questions.join("\n")}</section>
<section class="chat" aria-label="${text.chat}"><h2>${text.chat}</h2><p class="ai">${text.ai}</p><p id="state" role="status"></p>
<ol id="thread" role="log" aria-live="polite"></ol><div id="choices"></div>
<form id="form"><label class="hidden" for="text">${text.write}</label><textarea id="text" rows="2" maxlength="4000" placeholder="${text.write}" required></textarea><button type="submit">${text.send}</button></form>
<div class="people"><button type="button" data-choice="live-agent">${text.person}</button><button type="button" data-choice="callback">${text.call}</button></div>
</section></main></body></html>`;
}

export function localeOf(wish: string): Locale {
  const first = wish.slice(0, 2).toLowerCase();
  return first in words ? (first as Locale) : "en";
}

/** Our own Markdown, as far as articles use it: paragraphs, lists, bold. Everything is escaped first (X1). */
function paragraphs(markdown: string): string {
  return markdown
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split("\n");
      const items = lines.every((line) => /^([-*]|\d+\.) /.test(line));
      if (!items) return `<p>${inline(block)}</p>`;
      const tag = /^\d/.test(block) ? "ol" : "ul";
      return `<${tag}>${lines.map((line) => `<li>${inline(line.replace(/^([-*]|\d+\.) /, ""))}</li>`).join("")}</${tag}>`;
    })
    .join("");
}

function inline(text: string): string {
  return escapeHtml(text).replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
