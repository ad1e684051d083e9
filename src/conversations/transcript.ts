import type { Db } from "../db/client.ts";
import { toPlain } from "../lib/markdown.ts";
import type { Part } from "../lib/message.ts";
import { type CustomerEntry, timelineForContact } from "./timeline.ts";

/** Years of writing; a script's conversation is cut, and says so. */
const entriesMax = 5_000;

interface Names {
  readonly you: string;
  readonly assistant: string;
  readonly agent: string;
  readonly times: string;
}

const en: Names = { you: "You", assistant: "AI assistant", agent: "Agent", times: "Times: {zone}" };
const byLanguage: Readonly<Record<string, Names>> = {
  en,
  sv: { you: "Du", assistant: "AI-assistent", agent: "Medarbetare", times: "Tider: {zone}" },
  de: { you: "Sie", assistant: "KI-Assistent", agent: "Mitarbeiter", times: "Zeiten: {zone}" },
  es: { you: "Tú", assistant: "Asistente de IA", agent: "Agente", times: "Horas: {zone}" },
  ar: { you: "أنت", assistant: "مساعد الذكاء الاصطناعي", agent: "موظف", times: "الأوقات: {zone}" },
};

interface Reader {
  readonly company: string;
  /** Null, or one that is not ours: English. */
  readonly locale: string | null;
  readonly zone: string;
}

/** The whole conversation as its customer sees it, in their language, as plain text: one paragraph for each message. */
export async function transcriptForContact(
  db: Db,
  conversationId: string,
  { company, locale, zone }: Reader,
): Promise<string> {
  const language = locale !== null && Object.hasOwn(byLanguage, locale) ? locale : "en";
  const names = byLanguage[language] ?? en;
  const clock = new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: "medium", timeStyle: "short" });
  const head = `${company}\n${names.times.replace("{zone}", zone)}`;
  const paragraphs: string[] = [];
  let after = 0;
  while (paragraphs.length < entriesMax) {
    const page = await timelineForContact(db, conversationId, after);
    if (page.length === 0) return `${[head, ...paragraphs].join("\n\n")}\n`;
    paragraphs.push(...page.map((entry) => paragraph(entry, names, clock)));
    after = page.at(-1)?.seq ?? after;
  }
  return `${[head, ...paragraphs, "…"].join("\n\n")}\n`;
}

function paragraph({ at, author, agentName, parts }: CustomerEntry, names: Names, clock: Intl.DateTimeFormat): string {
  const name = author === "contact" ? names.you : author === "agent" ? (agentName ?? names.agent) : names.assistant;
  return `[${clock.format(at)}] ${name}\n${parts.map(words).filter(Boolean).join("\n")}`;
}

function words(part: Part): string {
  switch (part.t) {
    case "text":
      return part.format === "markdown" ? toPlain(part.text) : part.text;
    case "choice":
      return part.title;
    case "choices":
      return part.options.map((option) => `  - ${option.title}`).join("\n");
    case "media":
      return `[${part.name ?? part.kind}]${part.caption === undefined ? "" : ` ${part.caption}`}`;
    default:
      return "";
  }
}
