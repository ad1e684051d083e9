import type { ChoiceOption } from "../../src/lib/message.ts";
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
      /** Within the limits of its kind; what is not stands in a text behind it. */
      readonly caption: string;
      readonly name: string | null;
    };

export interface Composed extends Omit<Rendered, "items"> {
  readonly pieces: readonly Piece[];
}

/** Our message as WhatsApp messages within the limits; choices as buttons, as a list, at last as numbers. Pure. */
export function compose(message: OutboundMessage, textMaxChars: number): Composed {
  const page = new Page(textMaxChars, message.locale);
  for (const part of message.parts) page.add(part);
  page.endText();
  const { pieces, degraded, isCut } = page;
  return { pieces, degraded, isCut, numbered: message.parts.flatMap(numberedIn) };
}

/** Texts of neighbouring parts are one message; everything else ends the text before it. */
class Page {
  readonly pieces: Piece[] = [];
  readonly degraded: string[] = [];
  isCut = false;
  #words: string[] = [];
  readonly #textMaxChars: number;
  readonly #locale: string | null;

  constructor(textMaxChars: number, locale: string | null) {
    this.#textMaxChars = textMaxChars;
    this.#locale = locale;
  }

  add(part: Part): void {
    switch (part.t) {
      case "text":
        this.#words.push(part.format === "markdown" ? toWhatsapp(part.text) : part.text);
        return;
      case "contact":
        this.#words.push([part.name, ...part.phones].join("\n"));
        return;
      case "choices":
        this.#offer(part);
        return;
      case "location":
        this.#put({ kind: "place", lat: part.lat, lng: part.lng, name: part.name ?? part.address ?? "" });
        return;
      case "media":
        this.#attach(part);
        return;
      default:
        this.degraded.push(`A ${part.t} part cannot be sent by WhatsApp.`);
    }
  }

  endText(): void {
    const text = this.#words.splice(0).join("\n\n");
    const { pieces, complete } = takePieces(text, piecesMax, (piece) => piece.length <= this.#textMaxChars);
    this.pieces.push(...pieces.map((piece): Piece => ({ kind: "text", text: piece })));
    if (complete) return;
    this.isCut = true;
    this.degraded.push("The end of a very long text was left out.");
  }

  #put(piece: Piece): void {
    this.endText();
    this.pieces.push(piece);
  }

  #attach(part: Part & { t: "media" }): void {
    if (part.url === undefined) {
      this.degraded.push("A file has no address to send it from.");
      return;
    }
    const media = part.kind === "voice" ? "audio" : part.kind;
    const { caption = "" } = part;
    const fits = caption.length <= captionMaxChars && media !== "audio" && media !== "sticker";
    this.#put({ kind: "media", media, link: part.url, caption: fits ? caption : "", name: part.name ?? null });
    if (!fits && caption !== "") this.#words.push(caption);
  }

  #offer(part: Part & { t: "choices" }): void {
    if (part.prompt !== undefined && part.prompt !== "") this.#words.push(part.prompt);
    const shape = shapeOf(part.options);
    if (shape === null) {
      this.#words.push(part.options.map(line).join("\n"));
      return;
    }
    const label = listLabel(this.#locale);
    const text = this.#takeLastWords(label);
    this.#put("buttons" in shape ? { kind: "buttons", text, ...shape } : { kind: "list", text, label, ...shape });
  }

  /** Takes the end of the text, as much as may stand above buttons; the rest stays and is sent before it. */
  #takeLastWords(otherwise: string): string {
    const text = this.#words.splice(0).join("\n\n").trim();
    const all = splitText(text, (piece) => piece.length <= interactiveTextMaxChars);
    const last = all.at(-1) ?? otherwise;
    if (all.length > 1) this.#words.push(text.slice(0, text.lastIndexOf(last)).trim());
    return last;
  }
}

function line({ title, url }: ChoiceOption, index: number): string {
  return `${index + 1}. ${title}${url === undefined ? "" : ` (${url})`}`;
}

/** People type a number or a title below buttons as well. */
function numberedIn(part: Part): NonNullable<Rendered["numbered"]> {
  if (part.t !== "choices") return [];
  return part.options.map(({ id, title }, index) => ({ number: index + 1, optionId: id, title }));
}
