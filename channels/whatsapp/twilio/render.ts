import type { OutboundItem, OutboundMessage, Rendered, Template } from "../../channel.ts";
import type { TwilioContent } from "../../twilio/messages.ts";
import { compose, type Piece } from "../compose.ts";

/** Twilio refuses a longer body, also where WhatsApp itself takes 4,096. */
export const textMaxChars = 1_600;

type Choices = Piece & { kind: "buttons" | "list" };

/** A Twilio message, and how its choices could be shown instead of being numbered in the body. */
export interface RenderedContent extends TwilioContent {
  readonly choices?: Choices;
}

/** Our message as Twilio messages, without the addresses. Pure. */
export function renderTwilio(message: OutboundMessage): Rendered {
  const { pieces, ...rest } = compose(message, textMaxChars);
  return { ...rest, items: pieces.map((piece): OutboundItem => ({ body: { ...toContent(piece) } })) };
}

/** A stored content that WhatsApp approved, with its variables. Pure. */
export function renderTwilioTemplate({ contentSid }: Template, values: readonly string[]): OutboundItem | null {
  if (contentSid === undefined) return null;
  const variables = Object.fromEntries(values.map((value, index) => [index + 1, value]));
  return { isTemplate: true, body: { contentSid, contentVariables: JSON.stringify(variables) } };
}

function toContent(piece: Piece): RenderedContent {
  switch (piece.kind) {
    case "text":
      return { body: piece.text };
    case "buttons":
    case "list":
      // Buttons come by way of a stored content, which may be refused; then the numbers in the body are what is seen.
      return { body: withNumbers(piece), choices: piece };
    case "place":
      return { body: `${piece.name} https://maps.google.com/?q=${piece.lat},${piece.lng}`.trim() };
    case "media":
      return { mediaUrl: [piece.link], ...(piece.caption === "" ? {} : { body: piece.caption }) };
  }
}

function withNumbers(piece: Choices): string {
  const options: readonly { readonly title: string; readonly description?: string }[] =
    piece.kind === "buttons" ? piece.buttons : piece.rows;
  const lines = options.map((one, index) => `${index + 1}. ${one.description ?? one.title}`);
  return [piece.text, ...lines].join("\n");
}
