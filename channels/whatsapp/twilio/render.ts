import type { OutboundItem, OutboundMessage, Rendered } from "../../channel.ts";
import type { TwilioContent } from "../../twilio/messages.ts";
import { compose, type Piece } from "../compose.ts";

/** Twilio refuses a longer body, also where WhatsApp itself takes 4,096. */
export const textMaxChars = 1_600;

/** Our message as Twilio messages, without the addresses. Pure. */
export function renderTwilio(message: OutboundMessage): Rendered {
  const { pieces, ...rest } = compose(message, { textMaxChars, interactive: false });
  return { ...rest, items: pieces.map((piece): OutboundItem => ({ body: toContent(piece) })) };
}

function toContent(piece: Piece): TwilioContent {
  switch (piece.kind) {
    case "text":
    case "buttons":
    case "list":
      return { body: piece.text };
    case "place":
      return { body: `${piece.name} https://maps.google.com/?q=${piece.lat},${piece.lng}`.trim() };
    case "media":
      return { mediaUrl: [piece.link], ...(piece.caption === "" ? {} : { body: piece.caption }) };
  }
}
