import type {
  Channel,
  FetchesMedia,
  ListsInbound,
  ReceivesWebhooks,
  RemovesMedia,
  ReportsHealth,
  Sends,
} from "../channel.ts";
import type { TwilioClient } from "../twilio/client.ts";
import { emptyTwiml, noContent } from "../twilio/inbound.ts";
import { listsInbound } from "../twilio/inbound-list.ts";
import { twilioMessages } from "../twilio/messages.ts";
import { parseStatus } from "../twilio/status.ts";
import { queryOf, twilioWebhook } from "../twilio/webhook.ts";
import { parseMessage } from "./parse.ts";
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

/** SMS and MMS over Twilio. */
export function createSms(
  options: SmsOptions,
): Channel & ReceivesWebhooks & ListsInbound & Sends & FetchesMedia & RemovesMedia & ReportsHealth {
  const { account, client, from, messagingServiceSid, publicUrl } = options;
  const callbackUrl = (): string => `${publicUrl()}/channels/sms/${account}`;
  return {
    name: "sms",
    account,
    limits: {
      textMaxChars,
      replyWindowMs: null,
      burstWaitMs: options.burstWaitMs ?? burstWaitMs,
      pulled: false,
      wording: "short",
    },
    webhooks: [
      twilioWebhook(options, "/webhook", (form) => ({
        kind: "accepted",
        events: parseMessage(form, account),
        answer: emptyTwiml,
      })),
      twilioWebhook(options, "/status", (form, request) => ({
        kind: "accepted",
        events: parseStatus(form, queryOf(request)),
        answer: noContent,
      })),
    ],
    ...listsInbound({ client, to: from, messagingServiceSid, read: (form) => parseMessage(form, account) }),
    render: renderSms,
    ...twilioMessages({ callbackUrl, client, prefix: "", from, messagingServiceSid }),
    fetchMedia: ({ reference }, limitBytes, signal) => client.fetchMedia(reference, limitBytes, signal),
    removeMedia: ({ reference }, signal) => client.removeMedia(reference, signal),
    health: (signal) => client.health(signal),
  };
}
