import { splitText, takePieces } from "../../src/lib/split-text.ts";
import type { OutboundMessage, Part, Rendered } from "../channel.ts";
import { type Button, listLabel, type Row, shapeOf } from "./choices.ts";
import { toWhatsapp } from "./dialect.ts";

/** WhatsApp refuses a longer text above buttons or a list, or below media. */
const interactiveTextMaxChars = 1_024;
const captionMaxChars = 1_024;
/** More messages for one answer are a burden (channels.md 14). */
const piecesMax = 5;

/** One message of WhatsApp's, not yet in the words of the transport. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "buttons"; readonly text: string; readonly buttons: readonly Button[] }
  | { readonly kind: "list"; readonly text: string; readonly label: string; readonly rows: readonly Row[] }
  | { readonly kind: "place"; readonly lat: number; readonly lng: number; readonly name: string }
  | {
      readonly kind: "media";
      readonly media: "image" | "video" | "audio" | "document" | "sticker";
      readonly link: string;
      readonly caption: string;
      readonly name: string | null;
    };

export interface Composed extends Omit<Rendered, "items"> {
  readonly pieces: readonly Piece[];
}

export interface TransportLimits {
  readonly textMaxChars: number;
  /** Can it show buttons and lists? */
  readonly interactive: boolean;
}

/** Our message as WhatsApp messages within the limits; choices as buttons, as a list, at last as numbers. Pure. */
export function compose(message: OutboundMessage, { textMaxChars, interactive }: TransportLimits): Composed {
  const pieces: Piece[] = [];
  const degraded: string[] = [];
  const numbered: { number: number; optionId: string; title: string }[] = [];
  let words: string[] = [];

  const flush = (): void => {
    const { pieces: texts, complete } = takePieces(
      words.join("\n\n"),
      piecesMax,
      (text) => text.length <= textMaxChars,
    );
    pieces.push(...texts.map((text): Piece => ({ kind: "text", text })));
    if (!complete) degraded.push("The end of a very long text was left out.");
    words = [];
  };
  const offer = (part: Part & { t: "choices" }): void => {
    if (part.prompt !== undefined && part.prompt !== "") words.push(part.prompt);
    const shape = interactive ? shapeOf(part.options) : null;
    if (shape === null) {
      words.push(part.options.map((one, index) => `${index + 1}. ${one.title}${link(one.url)}`).join("\n"));
      numbered.push(...part.options.map(({ id, title }, index) => ({ number: index + 1, optionId: id, title })));
      return;
    }
    const label = listLabel(message.locale);
    const text = takeLastWords(words, label);
    flush();
    pieces.push("buttons" in shape ? { kind: "buttons", text, ...shape } : { kind: "list", text, label, ...shape });
  };

  for (const part of message.parts) {
    switch (part.t) {
      case "text":
        words.push(part.format === "markdown" ? toWhatsapp(part.text) : part.text);
        break;
      case "choices":
        offer(part);
        break;
      case "location":
        flush();
        pieces.push({ kind: "place", lat: part.lat, lng: part.lng, name: part.name ?? part.address ?? "" });
        break;
      case "contact":
        words.push([part.name, ...part.phones].join("\n"));
        break;
      case "media": {
        const piece = mediaPiece(part);
        if (piece === null) degraded.push("A file has no address to send it from.");
        else {
          flush();
          pieces.push(piece);
        }
        break;
      }
      default:
        degraded.push(`A ${part.t} part cannot be sent by WhatsApp.`);
    }
  }
  flush();
  return { pieces, degraded, numbered };
}

/** Takes the end of the text, as much as may stand above buttons, off `words`; the rest is sent before it. */
function takeLastWords(words: string[], otherwise: string): string {
  const text = words.splice(0).join("\n\n").trim();
  const all = splitText(text, (piece) => piece.length <= interactiveTextMaxChars);
  const last = all.at(-1) ?? otherwise;
  if (all.length > 1) words.push(text.slice(0, text.lastIndexOf(last)).trim());
  return last;
}

function mediaPiece(part: Part & { t: "media" }): Piece | null {
  if (part.url === undefined) return null;
  const media = part.kind === "voice" ? "audio" : part.kind;
  const caption = (part.caption ?? "").slice(0, captionMaxChars);
  return { kind: "media", media, link: part.url, caption, name: part.name ?? null };
}

function link(url: string | undefined): string {
  return url === undefined ? "" : ` (${url})`;
}
