import { toPlain } from "../../src/lib/markdown.ts";
import type { OutboundMessage, Part, Rendered } from "../channel.ts";
import { phrases, type SpokenLocale, toSpokenLocale } from "./phrases.ts";
import { spokenNumbers } from "./spoken-numbers.ts";

/** A message of ours as speech. It is not sent but said during the call; the item is what would be said. Pure. */
export function renderSpeech(message: OutboundMessage): Rendered {
  const locale = toSpokenLocale(message.meta?.locale ?? message.locale) ?? "en";
  const silent = message.parts.filter((part) => part.t === "media" || part.t === "location").length;
  return {
    items: [{ body: { text: toSpeech(message.parts, locale) } }],
    degraded: silent === 0 ? [] : [`${silent} files or places that cannot be spoken`],
  };
}

/** Words that can be read aloud: no marks, no addresses; options as a list one can answer. */
export function toSpeech(parts: readonly Part[], locale: SpokenLocale): string {
  return parts
    .map((part) => spoken(part, locale))
    .filter(Boolean)
    .join(" ");
}

function spoken(part: Part, locale: SpokenLocale): string {
  const { choose, website } = phrases[locale];
  switch (part.t) {
    case "text":
      return speakable(part.text, website, locale);
    case "choices": {
      const titles = part.options.map(({ title }) => title).join("; ");
      return [
        part.prompt === undefined ? "" : speakable(part.prompt, website, locale),
        titles === "" ? "" : `${choose} ${titles}.`,
      ]
        .filter(Boolean)
        .join(" ");
    }
    case "choice":
      return part.title;
    case "media":
      return part.caption ?? "";
    default:
      return "";
  }
}

function speakable(text: string, website: string, locale: SpokenLocale): string {
  const withoutAddresses = text.replace(/\[([^\]]+)\]\([^)\s]+\)/g, "$1").replace(/https?:\/\/\S+/g, website);
  const plain = toPlain(withoutAddresses)
    .replace(/[*_`~#|\u200e\u200f\u2066-\u2069]+|\p{Extended_Pictographic}\ufe0f?/gu, "")
    .replace(/^[-•] /gm, "")
    .replace(/\s+/g, " ")
    .trim();
  return spokenNumbers(plain, locale);
}
