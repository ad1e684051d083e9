import { toPlain } from "../../src/lib/markdown.ts";
import { splitText } from "../../src/lib/split-text.ts";
import type { OutboundItem, OutboundMessage, Rendered } from "../channel.ts";
import { countSegments } from "./segments.ts";

/** Twilio refuses a longer body. */
export const textMaxChars = 1_600;
/** Longer texts cost and arrive badly (channels.md 3.6). */
const segmentsMax = 3;
const piecesMax = 5;
/** Typographic signs that would force the short UCS-2 segments, as their GSM-7 look-alikes. */
const plainSigns: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019]/g, "'"],
  [/[\u201C\u201D\u201E\u00AB\u00BB]/g, '"'],
  [/[\u2013\u2014]/g, "-"],
  [/\u2026/g, "..."],
  [/[\u00A0\u202F\t]/g, " "],
  [/\u2192/g, ">"],
];

/** Our message as SMS bodies: plain text, choices numbered, at most five pieces of three segments. Pure. */
export function renderSms(message: OutboundMessage): Rendered {
  const degraded: string[] = [];
  const numbered: { number: number; optionId: string; title: string }[] = [];
  const texts = message.parts.map((part): string => {
    switch (part.t) {
      case "text":
        return part.format === "markdown" ? toPlain(part.text) : part.text;
      case "choices":
        for (const [index, option] of part.options.entries()) {
          numbered.push({ number: index + 1, optionId: option.id, title: option.title });
        }
        return [part.prompt ?? "", ...part.options.map((option, index) => `${index + 1}. ${option.title}`)]
          .filter(Boolean)
          .join("\n");
      case "location":
        return `${part.name ?? ""} https://maps.google.com/?q=${part.lat},${part.lng}`.trim();
      default:
        degraded.push(`A ${part.t} part cannot be sent by SMS.`);
        return "";
    }
  });
  const text = simplify(texts.filter(Boolean).join("\n\n"));
  const all = splitText(text, (piece) => piece.length <= textMaxChars && countSegments(piece) <= segmentsMax);
  const kept = all.slice(0, piecesMax);
  if (all.length > kept.length) degraded.push("The end of a very long text was left out.");
  return { items: kept.map((body): OutboundItem => ({ body: { Body: body } })), degraded, numbered };
}

function simplify(text: string): string {
  return plainSigns.reduce((simple, [pattern, sign]) => simple.replace(pattern, sign), text);
}
