import type { OutboundItem, OutboundMessage, Rendered } from "../../channel.ts";
import { compose, type Piece } from "../compose.ts";

/** Twilio refuses a longer body, also where WhatsApp itself takes 4,096. */
export const textMaxChars = 1_600;

/** Our message as forms of POST /Messages.json, without the addresses. Pure. */
export function renderTwilio(message: OutboundMessage): Rendered {
  const { pieces, ...rest } = compose(message, { textMaxChars, interactive: false });
  return { ...rest, items: pieces.map((piece): OutboundItem => ({ body: toForm(piece) })) };
}

function toForm(piece: Piece): Readonly<Record<string, string>> {
  switch (piece.kind) {
    case "text":
    case "buttons":
    case "list":
      return { Body: piece.text };
    case "place":
      return { Body: `${piece.name} https://maps.google.com/?q=${piece.lat},${piece.lng}`.trim() };
    case "media":
      return { MediaUrl: piece.link, ...(piece.caption === "" ? {} : { Body: piece.caption }) };
  }
}
