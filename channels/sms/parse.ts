import type { InboundEvent, Part, StatusReport } from "../channel.ts";
import { cleanText } from "../twilio/text.ts";

/** Twilio delivers at most ten media per message. */
const mediaMax = 10;
const textMaxChars = 10_000;
const stop = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
/** Our own additions in other languages (channels.md 3.5). */
const stopElsewhere = ["ALTO", "PARAR", "CANCELAR", "BAJA", "ARRET", "ARRÊT", "SAIR", "STOPP", "ABMELDEN"];
const words: ReadonlyMap<string, "stop" | "start" | "help"> = new Map([
  ...[...stop, ...stopElsewhere].map((word) => [word, "stop"] as const),
  ...["START", "YES", "UNSTOP"].map((word) => [word, "start"] as const),
  ...["HELP", "INFO"].map((word) => [word, "help"] as const),
]);

/** A Twilio message form as our events. Pure; what it does not know becomes an `unsupported` part, never an error. */
export function parseMessage(form: URLSearchParams, account: string): InboundEvent[] {
  const sid = form.get("MessageSid") ?? form.get("SmsMessageSid") ?? "";
  const from = form.get("From") ?? "";
  if (sid === "" || from === "") return [{ kind: "ignored", why: "no-message-id" }];
  const text = cleanText(form.get("Body") ?? "").slice(0, textMaxChars);
  const parts = [...textParts(text), ...mediaParts(form, account)];
  const unsupported = parts.length === 0;
  const consent = consentOf(form, text);
  return [
    {
      kind: "message",
      key: `twilio:in:${form.get("AccountSid") ?? ""}:${sid}`,
      from: {
        channel: "sms",
        kind: /^\+\d{7,15}$/.test(from) ? "e164" : "shortcode",
        value: cleanText(from).slice(0, 64),
      },
      externalId: sid,
      parts: unsupported ? [{ t: "unsupported", what: "an empty message" }] : parts,
      wantsAnswer: !unsupported,
      ...(consent === null ? {} : { consent }),
      ...(unsupported
        ? { raw: Object.fromEntries([...form].map(([name, value]) => [cleanText(name), cleanText(value)])) }
        : {}),
    },
  ];
}

/** A Twilio status form as a report. Initial statuses say nothing new. */
export function parseStatus(form: URLSearchParams, query: URLSearchParams): InboundEvent[] {
  const state = states[form.get("MessageStatus") ?? form.get("SmsStatus") ?? ""];
  if (state === undefined) return [{ kind: "ignored", why: "status-without-news" }];
  const deliveryId = query.get("d");
  const code = form.get("ErrorCode");
  const report: StatusReport = {
    kind: "status",
    state,
    externalId: form.get("MessageSid") ?? "",
    ...(deliveryId === null ? {} : { deliveryId }),
    ...(state === "failed"
      ? {
          error: {
            class: code === "21610" ? "optout" : "permanent",
            code: code ?? "undelivered",
            text: "The carrier did not deliver the message.",
          },
        }
      : {}),
  };
  return [report];
}

const states: Readonly<Record<string, StatusReport["state"]>> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  undelivered: "failed",
  failed: "failed",
  canceled: "failed",
};

function textParts(text: string): Part[] {
  return text.trim() === "" ? [] : [{ t: "text", text, format: "plain" }];
}

function mediaParts(form: URLSearchParams, account: string): Part[] {
  const count = Math.min(mediaMax, Number(form.get("NumMedia") ?? 0) || 0);
  return Array.from({ length: count }, (_, index): Part => {
    const mime = form.get(`MediaContentType${index}`) ?? "application/octet-stream";
    const reference = form.get(`MediaUrl${index}`) ?? "";
    return { t: "media", kind: kindOf(mime), mime, state: "pending", source: { channel: "sms", account, reference } };
  });
}

function kindOf(mime: string): "image" | "audio" | "video" | "document" {
  const [type] = mime.split("/");
  return type === "image" || type === "audio" || type === "video" ? type : "document";
}

function consentOf(form: URLSearchParams, text: string): "stop" | "start" | "help" | null {
  const declared = form.get("OptOutType")?.toLowerCase();
  if (declared === "stop" || declared === "start" || declared === "help") return declared;
  return words.get(text.trim().toUpperCase()) ?? null;
}
