import { escapeHtml } from "./page.ts";
import { pageWords } from "./words.ts";

const words: Readonly<Record<string, readonly [write: string, send: string, person: string, call: string]>> = {
  en: ["Write your question", "Send", "Talk to a person", "Call me back"],
  sv: ["Skriv din fråga", "Skicka", "Prata med en människa", "Ring mig"],
  de: ["Schreiben Sie Ihre Frage", "Senden", "Mit einem Menschen sprechen", "Rückruf anfordern"],
  es: ["Escribe tu pregunta", "Enviar", "Hablar con una persona", "Que me llamen"],
  ar: ["اكتب سؤالك", "إرسال", "التحدث مع موظف", "اتصلوا بي"],
};

/** The chat inside the page. */
export function chatSection(locale: string): string {
  const say = pageWords(locale);
  const [write, send, person, call] = words[locale] ?? words.en ?? ["", "", "", ""];
  return `<section class="chat" id="chat" aria-label="${escapeHtml(say.chat)}"><h2>${say.chat}</h2><p class="ai">${say.ai}</p><p id="state" role="status"></p>
<ol id="thread" role="log" aria-live="polite" tabindex="0" aria-label="${escapeHtml(say.chat)}"></ol><div id="choices"></div>
<form id="form"><label class="hidden" for="text">${write}</label><textarea id="text" rows="2" maxlength="4000" placeholder="${write}" required></textarea><button type="submit">${send}</button></form>
<div class="people"><button type="button" data-choice="live-agent">${person}</button><button type="button" data-choice="callback">${call}</button></div>
</section>`;
}
