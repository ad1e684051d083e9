import { cleanText, cutText } from "../../src/lib/clean-text.ts";
import type { HttpAnswer, Part } from "../channel.ts";

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
  const externalId = cutText(form.get("MessageSid") ?? form.get("SmsMessageSid") ?? "", addressMaxChars);
  const from = cutText(form.get("From") ?? "", addressMaxChars);
  if (externalId === "" || from === "") return null;
  const key = `twilio:in:${cutText(form.get("AccountSid") ?? "", addressMaxChars)}:${externalId}`;
  return { key, externalId, from, text: cutText(form.get("Body") ?? "", textMaxChars) };
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
