import type { OutboundItem, OutboundMessage, Rendered, Template } from "../../channel.ts";
import { compose, type Piece } from "../compose.ts";

export const textMaxChars = 4_096;

/** Our message as bodies of POST /messages, without the recipient. Pure. */
export function renderCloud(message: OutboundMessage): Rendered {
  const { pieces, ...rest } = compose(message, textMaxChars);
  return { ...rest, items: pieces.map((piece): OutboundItem => ({ body: toBody(piece) })) };
}

/** A template that Meta approved, with its variables. Pure. */
export function renderCloudTemplate({ name, language }: Template, values: readonly string[]): OutboundItem | null {
  if (name === undefined) return null;
  const parameters = values.map((text) => ({ type: "text", text }));
  const components = parameters.length === 0 ? [] : [{ type: "body", parameters }];
  return { isTemplate: true, body: { type: "template", template: { name, language: { code: language }, components } } };
}

function toBody(piece: Piece): Readonly<Record<string, unknown>> {
  switch (piece.kind) {
    case "text":
      return { type: "text", text: { body: piece.text, preview_url: false } };
    case "buttons": {
      const buttons = piece.buttons.map((reply) => ({ type: "reply", reply }));
      return interactive({ type: "button", body: { text: piece.text }, action: { buttons } });
    }
    case "list": {
      const action = { button: piece.label, sections: [{ rows: piece.rows }] };
      return interactive({ type: "list", body: { text: piece.text }, action });
    }
    case "place": {
      const { lat: latitude, lng: longitude, name } = piece;
      return { type: "location", location: { latitude, longitude, ...(name === "" ? {} : { name }) } };
    }
    case "media": {
      const { media, link, caption, name } = piece;
      const captioned = caption === "" ? {} : { caption };
      const named = name !== null && media === "document" ? { filename: name } : {};
      return { type: media, [media]: { link, ...captioned, ...named } };
    }
  }
}

function interactive(content: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { type: "interactive", interactive: content };
}
