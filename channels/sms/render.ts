import { toPlain } from "../../src/lib/markdown.ts";
import type { ChoiceOption, MediaPart } from "../../src/lib/message.ts";
import { type Pieces, takePieces } from "../../src/lib/split-text.ts";
import type { ContactAddress, OutboundItem, OutboundMessage, Rendered } from "../channel.ts";
import type { TwilioContent } from "../twilio/messages.ts";
import { countSegments } from "./segments.ts";

/** Twilio refuses a longer body. */
export const textMaxChars = 1_600;
/** Longer texts cost and arrive badly (channels.md 3.6). */
const segmentsMax = 3;
const piecesMax = 5;
/** From here on people need to see which piece they read: carriers do not promise the order. */
const numberedFrom = 3;
/** Twilio's limits on one MMS: ten media, 5 MB together of these kinds. */
const mmsMediaMax = 10;
const mmsMaxBytes = 5 * 1024 * 1024;
const mmsTypes = new Set(["image/jpeg", "image/png", "image/gif"]);
/** Typographic signs that would force the short UCS-2 segments, as their GSM-7 look-alikes. */
const plainSigns: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019]/g, "'"],
  [/[\u201C\u201D\u201E\u00AB\u00BB]/g, '"'],
  [/[\u2013\u2014]/g, "-"],
  [/\u2026/g, "..."],
  [/[\u00A0\u202F\t]/g, " "],
  [/\u2192/g, ">"],
];

/** Our message as SMS bodies: plain text, choices numbered, files as MMS or links, at most five pieces. Pure. */
export function renderSms(message: OutboundMessage): Rendered {
  const degraded: string[] = [];
  const media = mmsMedia(message);
  const texts = message.parts.map((part): string => {
    switch (part.t) {
      case "text":
        return part.format === "markdown" ? toPlain(part.text) : part.text;
      case "choices":
        return [part.prompt ?? "", numberedLines(part.options)].filter(Boolean).join("\n");
      case "location":
        return `${part.name ?? ""} https://maps.google.com/?q=${part.lat},${part.lng}`.trim();
      case "contact":
        return [part.name, ...part.phones].join("\n");
      case "media":
        if (media.includes(part)) return part.caption ?? "";
        if (part.url !== undefined)
          return [part.caption, `${part.name ?? ""} ${part.url}`.trim()].filter(Boolean).join("\n");
        degraded.push("A file has no address to send it from.");
        return part.caption ?? "";
      default:
        degraded.push(`A ${part.t} part cannot be sent by SMS.`);
        return "";
    }
  });
  const { pieces, complete } = inPieces(simplify(texts.filter(Boolean).join("\n\n")));
  if (!complete) degraded.push("The end of a very long text was left out.");
  return { items: toItems(pieces, media), degraded, isCut: !complete, numbered: message.parts.flatMap(numberedIn) };
}

function toItems(pieces: readonly string[], media: readonly MediaPart[]): OutboundItem[] {
  const mediaUrl = media.flatMap(({ url }) => (url === undefined ? [] : [url]));
  const contents: TwilioContent[] = pieces.map((body) => ({ body }));
  if (mediaUrl.length > 0) contents.splice(0, 1, { ...contents[0], mediaUrl });
  return contents.map((body) => ({ body }));
}

/** The files that can go as MMS: carriers of the United States and Canada alone take them. */
function mmsMedia({ parts, to }: OutboundMessage): readonly MediaPart[] {
  const media = parts
    .filter((part) => part.t === "media" && part.url !== undefined)
    .filter((part) => part.t === "media");
  const bytes = media.reduce((sum, { size = mmsMaxBytes }) => sum + size, 0);
  const fits = media.length <= mmsMediaMax && bytes <= mmsMaxBytes && media.every(({ mime }) => mmsTypes.has(mime));
  return takesMms(to) && fits ? media : [];
}

function takesMms(to: ContactAddress): boolean {
  return to.kind === "e164" && to.value.startsWith("+1");
}

function numberedLines(options: readonly ChoiceOption[]): string {
  return options
    .map(({ title, url }, index) => `${index + 1}. ${title}${url === undefined ? "" : ` ${url}`}`)
    .join("\n");
}

function numberedIn(part: OutboundMessage["parts"][number]): NonNullable<Rendered["numbered"]> {
  if (part.t !== "choices") return [];
  return part.options.map(({ id, title }, index) => ({ number: index + 1, optionId: id, title }));
}

function inPieces(text: string): Pieces {
  const fits = (piece: string): boolean => piece.length <= textMaxChars && countSegments(piece) <= segmentsMax;
  const plain = takePieces(text, piecesMax, fits);
  if (plain.pieces.length < numberedFrom) return plain;
  const numbered = takePieces(text, piecesMax, (piece) => fits(mark(piecesMax, piecesMax) + piece));
  const count = numbered.pieces.length;
  return { ...numbered, pieces: numbered.pieces.map((piece, index) => mark(index + 1, count) + piece) };
}

function mark(number: number, count: number): string {
  return `(${number}/${count}) `;
}

function simplify(text: string): string {
  return plainSigns.reduce((simple, [pattern, sign]) => simple.replace(pattern, sign), text);
}
