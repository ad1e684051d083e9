import { cleanText, cutText } from "../../src/lib/clean-text.ts";
import type { HttpAnswer, Part } from "../channel.ts";
import { signedWords } from "./verify.ts";

/** Twilio delivers at most ten media per message. */
const mediaMax = 10;
const textMaxChars = 10_000;
const addressMaxChars = 200;

/** We reply through the API, so that every reply has its delivery and its receipt. */
export const emptyTwiml: HttpAnswer = { status: 200, contentType: "text/xml", body: "<Response/>" };
export const noContent: HttpAnswer = { status: 204 };

/** What every inbound message of Twilio's has; null when it has no id or no sender and so cannot be kept. */
export function readMessage(form: URLSearchParams): {
  readonly key: string;
  readonly externalId: string;
  readonly from: string;
  readonly text: string;
} | null {
  const externalId = sidIn(form, "MessageSid") || sidIn(form, "SmsMessageSid");
  const from = cutText(form.get("From") ?? "", addressMaxChars);
  if (externalId === "" || from === "") return null;
  return { key: `twilio:in:${externalId}`, externalId, from, text: cutText(form.get("Body") ?? "", textMaxChars) };
}

/** Two letters for the kind, 32 hexadecimal digits; unique over all accounts. */
const sid = "[A-Z]{2}[0-9a-f]{32}";

/**
 * An id of Twilio's; empty when there is none. Twilio signs names and values with nothing between them, so a recorded
 * request can be cut anew and stays signed for ever ("MessageSid=SM…NumMedia0"), and each cut would be a new message.
 * So an id that is not whole is looked for in the signed words themselves, which are the same for every cut.
 */
export function sidIn(form: URLSearchParams, name: string): string {
  const given = form.get(name) ?? "";
  const whole = new RegExp(`^${sid}$`, "i").test(given);
  if (whole) return given;
  // The last one: names are in order, and what a customer wrote (Body) comes before.
  const signed = [...signedWords(form).matchAll(new RegExp(`${name}(${sid})`, "gi"))].at(-1)?.[1];
  return signed ?? cutText(given, addressMaxChars);
}

export function isE164(number: string): boolean {
  return /^\+\d{7,15}$/.test(number);
}

export function textParts(text: string): Part[] {
  return text.trim() === "" ? [] : [{ t: "text", text, format: "plain" }];
}

/** Media stay at Twilio; a worker fetches them by their address. */
export function mediaParts(form: URLSearchParams, channel: string, account: string): Part[] {
  const count = Math.min(mediaMax, Number(form.get("NumMedia") ?? 0) || 0);
  return Array.from({ length: Math.max(0, Math.floor(count)) }, (_, index): Part => {
    const mime = cutText(form.get(`MediaContentType${index}`) ?? "application/octet-stream", addressMaxChars);
    const reference = cleanText(form.get(`MediaUrl${index}`) ?? "");
    return { t: "media", kind: kindOf(mime), mime, state: "pending", source: { channel, account, reference } };
  });
}

function kindOf(mime: string): "image" | "audio" | "video" | "document" {
  const [type] = mime.split("/");
  return type === "image" || type === "audio" || type === "video" ? type : "document";
}

/** The whole form, for what we do not understand. */
export function rawForm(form: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...form].map(([name, value]) => [cleanText(name), cleanText(value)]));
}
