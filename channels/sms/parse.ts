import type { ContactAddress, InboundEvent, InboundMessage } from "../channel.ts";
import { isE164, mediaParts, rawForm, readMessage, textParts } from "../twilio/inbound.ts";
import { consentIn, silences } from "./consent.ts";

/** A Twilio message form as our events. Pure; what it does not know becomes an `unsupported` part, never an error. */
export function parseMessage(form: URLSearchParams, account: string): InboundEvent[] {
  const read = readMessage(form);
  if (read === null) return [{ kind: "ignored", why: "no-message-id" }];
  const { key, externalId, text } = read;
  const parts = [...textParts(text), ...mediaParts(form, "sms", account)];
  const message = { kind: "message", key, externalId, from: addressOf(read.from) } as const;
  if (parts.length === 0) return [{ ...message, ...unreadable(form) }];
  const consent = consentIn(text, form.get("OptOutType"));
  if (consent === null) return [{ ...message, parts, wantsAnswer: true }];
  return [{ ...message, parts, consent, wantsAnswer: !silences(text, consent) }];
}

function unreadable(form: URLSearchParams): Pick<InboundMessage, "parts" | "wantsAnswer" | "raw"> {
  return { parts: [{ t: "unsupported", what: "an empty message" }], wantsAnswer: false, raw: rawForm(form) };
}

/** A sender need not be a telephone number: short codes and names write too. */
function addressOf(from: string): ContactAddress {
  return { channel: "sms", kind: isE164(from) ? "e164" : "shortcode", value: from.slice(0, 64) };
}
