import { cutText } from "../../src/lib/clean-text.ts";
import type { InboundEvent, StatusReport } from "../channel.ts";
import { twilioAgainAfterMs, twilioError } from "./errors.ts";
import { sidIn } from "./inbound.ts";

/** A UUID, a point and a number, with room. */
const deliveryIdMaxChars = 100;

const states: Readonly<Record<string, StatusReport["state"]>> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  undelivered: "failed",
  failed: "failed",
  canceled: "failed",
};

/** A status callback as a report; our delivery id comes back in the URL's `d`. Initial statuses say nothing new. Pure. */
export function parseStatus(form: URLSearchParams, query: URLSearchParams): InboundEvent[] {
  const state = states[form.get("MessageStatus") ?? form.get("SmsStatus") ?? ""];
  if (state === undefined) return [{ kind: "ignored", why: "status-without-news" }];
  const externalId = sidIn(form, "MessageSid");
  const deliveryId = query.has("d") ? cutText(query.get("d") ?? "", deliveryIdMaxChars) : null;
  const report: StatusReport = { kind: "status", state, externalId, ...(deliveryId === null ? {} : { deliveryId }) };
  if (state !== "failed") return [report];
  const code = Number(form.get("ErrorCode") ?? 0);
  const againAfterMs = twilioAgainAfterMs(code);
  return [{ ...report, error: failure(code), ...(againAfterMs.length === 0 ? {} : { againAfterMs }) }];
}

function failure(code: number) {
  const text = "The carrier did not deliver the message.";
  return code > 0 ? twilioError(code, text) : ({ class: "permanent", code: "undelivered", text } as const);
}
