import type { Db } from "../db/client.ts";
import { toPlain } from "../lib/markdown.ts";
import type { Part } from "../lib/message.ts";
import { type CustomerEntry, timelineForContact } from "./timeline.ts";

/** Years of writing; a script's conversation is cut, and says so. */
const entriesMax = 5_000;

/** The whole conversation as its customer sees it, as plain text: one paragraph for each message. */
export async function transcriptForContact(
  db: Db,
  conversationId: string,
  { company, zone }: { readonly company: string; readonly zone: string },
): Promise<string> {
  const paragraphs: string[] = [];
  let after = 0;
  while (paragraphs.length < entriesMax) {
    const page = await timelineForContact(db, conversationId, after);
    if (page.length === 0) return `${[company, ...paragraphs].join("\n\n")}\n`;
    paragraphs.push(...page.map((entry) => paragraph(entry, zone)));
    after = page.at(-1)?.seq ?? after;
  }
  return `${[company, ...paragraphs, "…"].join("\n\n")}\n`;
}

function paragraph({ at, author, agentName, parts }: CustomerEntry, zone: string): string {
  // Swedish writes the date as ISO does, which every reader understands.
  const time = at.toLocaleString("sv", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  const name = author === "contact" ? "→" : author === "agent" ? (agentName ?? "Agent") : "AI";
  return `[${time} ${zone}] ${name}\n${parts.map(words).filter(Boolean).join("\n")}`;
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
