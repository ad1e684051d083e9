import type { OutboundItem, OutboundMessage, Rendered } from "../../channel.ts";
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
  const { pieces, degraded, numbered = [] } = compose(message, { textMaxChars, interactive: true });
  // Buttons come by way of a stored content, which may be refused; then the numbers in the body are what was seen.
  const also = pieces.flatMap((piece) =>
    optionsOf(piece).map(({ id, title }, index) => ({ number: index + 1, optionId: id, title })),
  );
  const items = pieces.map((piece): OutboundItem => ({ body: { ...toContent(piece) } }));
  return { items, degraded, numbered: [...numbered, ...also] };
}

function toContent(piece: Piece): RenderedContent {
  switch (piece.kind) {
    case "text":
      return { body: piece.text };
    case "buttons":
    case "list":
      return { body: withNumbers(piece), choices: piece };
    case "place":
      return { body: `${piece.name} https://maps.google.com/?q=${piece.lat},${piece.lng}`.trim() };
    case "media":
      return { mediaUrl: [piece.link], ...(piece.caption === "" ? {} : { body: piece.caption }) };
  }
}

function withNumbers(piece: Choices): string {
  const lines = optionsOf(piece).map((one, index) => `${index + 1}. ${one.description ?? one.title}`);
  return [piece.text, ...lines].join("\n");
}

function optionsOf(
  piece: Piece,
): readonly { readonly id: string; readonly title: string; readonly description?: string }[] {
  if (piece.kind === "buttons") return piece.buttons;
  return piece.kind === "list" ? piece.rows : [];
}
