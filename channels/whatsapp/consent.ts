import { type ConsentSaid, consentPart } from "../../src/lib/consent.ts";
import type { InboundMessage, Part } from "../channel.ts";

/**
 * Words that stop our messages, when they are the whole message. Fewer than for SMS: "cancel" or "yes" are answers to our
 * own questions. Nobody between us and the customer acts on them here, so we confirm them.
 */
const stop: Readonly<Record<string, string | null>> = {
  STOP: null,
  STOPALL: null,
  UNSUBSCRIBE: null,
  OPTOUT: null,
  BAJA: "es",
  ARRET: null,
  ARRÊT: null,
  SAIR: null,
  ABMELDEN: "de",
  STOPP: null,
};
const words: ReadonlyMap<string, ConsentSaid> = new Map<string, ConsentSaid>([
  ...Object.entries(stop).map(([word, locale]) => [word, { action: "stop", locale }] as const),
  ...["START", "UNSTOP"].map((word) => [word, { action: "start", locale: null }] as const),
]);

/** The parts of a message, what it says about consent, and whether it wants an answer. `declared`: Twilio acted on it. */
export function withConsent(
  parts: readonly Part[],
  declared: string | null,
): Pick<InboundMessage, "parts" | "consent" | "wantsAnswer"> {
  const [first] = parts;
  const text = parts.length === 1 && first?.t === "text" ? first.text : null;
  if (text === null) return { parts, wantsAnswer: true };
  const given = declared?.toLowerCase();
  if (given === "stop" || given === "start" || given === "help") return { parts, consent: given, wantsAnswer: false };
  const said = words.get(text.trim().normalize("NFC").toUpperCase());
  if (said === undefined) return { parts, wantsAnswer: true };
  return { parts: [...parts, consentPart(said)], consent: said.action, wantsAnswer: true };
}
