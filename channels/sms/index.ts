import type { Channel, HttpAnswer, Outgoing, RawRequest, Received, ReceivesWebhooks, Sends } from "../channel.ts";
import type { TwilioClient } from "../twilio/client.ts";
import { isFromTwilio } from "../twilio/verify.ts";
import { parseMessage, parseStatus } from "./parse.ts";
import { renderSms, textMaxChars } from "./render.ts";

/** People type several short messages in a row on a phone. */
const burstWaitMs = 700;

export interface SmsOptions {
  readonly account: string;
  readonly authToken: string;
  readonly from: string | null;
  readonly messagingServiceSid: string | null;
  readonly publicUrl: () => string;
  readonly client: TwilioClient;
  readonly burstWaitMs: number | null;
}

const emptyTwiml: HttpAnswer = { status: 200, contentType: "text/xml", body: "<Response/>" };
const noContent: HttpAnswer = { status: 204 };

/** SMS and MMS over Twilio. */
export function createSms(options: SmsOptions): Channel & ReceivesWebhooks & Sends {
  const webhook = (path: string, read: (form: URLSearchParams, request: RawRequest) => Received) => ({
    method: "POST" as const,
    path,
    receive: (request: RawRequest): Received => {
      const form = new URLSearchParams(request.body.toString("utf8"));
      if (!isFromTwilio({ authToken: options.authToken, publicUrl: options.publicUrl(), request, form })) {
        const missing = request.headers["x-twilio-signature"] === undefined;
        return {
          kind: "refused",
          answer: { status: missing ? 400 : 403 },
          reason: missing ? "signature-missing" : "signature-wrong",
        };
      }
      return read(form, request);
    },
  });
  return {
    name: "sms",
    account: options.account,
    limits: {
      textMaxChars,
      replyWindowMs: null,
      burstWaitMs: options.burstWaitMs ?? burstWaitMs,
      pulled: false,
      wording: "short",
    },
    webhooks: [
      webhook("/webhook", (form) => ({
        kind: "accepted",
        events: parseMessage(form, options.account),
        answer: emptyTwiml,
      })),
      webhook("/status", (form, request) => ({
        kind: "accepted",
        events: parseStatus(form, new URLSearchParams(request.url.split("?")[1] ?? "")),
        answer: noContent,
      })),
    ],
    render: renderSms,
    send: (outgoing, signal) => options.client.sendMessage(toForm(options, outgoing), signal),
    lookUp: (outgoing, since, signal) =>
      options.client.findMessages({ from: options.from, to: outgoing.to.value, body: bodyOf(outgoing) }, since, signal),
  };
}

function toForm(options: SmsOptions, outgoing: Outgoing): Record<string, string> {
  const sender =
    options.messagingServiceSid === null
      ? { From: options.from ?? "" }
      : { MessagingServiceSid: options.messagingServiceSid };
  const status = `${options.publicUrl()}/channels/sms/${options.account}/status?d=${outgoing.deliveryId}`;
  return { To: outgoing.to.value, ...sender, Body: bodyOf(outgoing), StatusCallback: status };
}

function bodyOf(outgoing: Outgoing): string {
  return String(outgoing.item.body.Body ?? "");
}
