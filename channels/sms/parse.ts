import { consentPart } from "../../src/lib/consent.ts";
import type { ContactAddress, InboundEvent, InboundMessage } from "../channel.ts";
import { isE164, mediaParts, rawForm, readMessage, textParts } from "../twilio/inbound.ts";
import { consentIn } from "./consent.ts";

/** A Twilio message form as our events. Pure; what it does not know becomes an `unsupported` part, never an error. */
export function parseMessage(form: URLSearchParams, account: string): InboundEvent[] {
  const read = readMessage(form);
  if (read === null) return [{ kind: "ignored", why: "no-message-id" }];
  const { key, externalId, text } = read;
  const parts = [...textParts(text), ...mediaParts(form, "sms", account)];
  const message = { kind: "message", key, externalId, from: addressOf(read.from) } as const;
  if (parts.length === 0) return [{ ...message, ...unreadable(form) }];
  const said = consentIn(text, form.get("OptOutType"));
  if (said === null) return [{ ...message, parts, wantsAnswer: true }];
  const { action, confirmedBy, locale } = said;
  const marked = action !== "help" && confirmedBy === "us" ? [...parts, consentPart({ action, locale })] : parts;
  return [{ ...message, parts: marked, consent: action, wantsAnswer: confirmedBy !== "twilio" }];
}

function unreadable(form: URLSearchParams): Pick<InboundMessage, "parts" | "wantsAnswer" | "raw"> {
  return { parts: [{ t: "unsupported", what: "an empty message" }], wantsAnswer: true, raw: rawForm(form) };
}

/** A sender need not be a telephone number: short codes and names write too. */
function addressOf(from: string): ContactAddress {
  return { channel: "sms", kind: isE164(from) ? "e164" : "shortcode", value: from.slice(0, 64) };
}
