import type {
  Channel,
  FetchesMedia,
  ListsInbound,
  ReceivesWebhooks,
  RemovesMedia,
  ReportsHealth,
  Sends,
  SendsTemplates,
  ShowsTyping,
} from "../../channel.ts";
import type { TwilioClient } from "../../twilio/client.ts";
import { emptyTwiml, noContent } from "../../twilio/inbound.ts";
import { listsInbound } from "../../twilio/inbound-list.ts";
import { twilioMessages } from "../../twilio/messages.ts";
import { parseStatus } from "../../twilio/status.ts";
import { queryOf, twilioWebhook } from "../../twilio/webhook.ts";
import { replyWindowMs, type WhatsappOptions } from "../options.ts";
import { createContents } from "./contents.ts";
import { parseTwilio } from "./parse.ts";
import { renderTwilio, renderTwilioTemplate, textMaxChars } from "./render.ts";
import { withChoices } from "./send.ts";

export interface TwilioWhatsappOptions extends WhatsappOptions {
  readonly authToken: string;
  readonly from: string;
  readonly client: TwilioClient;
}

/** WhatsApp over Twilio. */
export function createTwilioWhatsapp(
  options: TwilioWhatsappOptions,
): Channel &
  ReceivesWebhooks &
  ListsInbound &
  Sends &
  SendsTemplates &
  ShowsTyping &
  FetchesMedia &
  RemovesMedia &
  ReportsHealth {
  const { account, client, from, publicUrl } = options;
  const callbackUrl = (): string => `${publicUrl()}/channels/whatsapp/${account}`;
  return {
    name: "whatsapp",
    account,
    limits: {
      textMaxChars,
      replyWindowMs,
      burstWaitMs: options.burstWaitMs,
      pulled: false,
      wording: "full",
    },
    webhooks: [
      twilioWebhook(options, "/webhook", (form) => ({
        kind: "accepted",
        events: parseTwilio(form, account),
        answer: emptyTwiml,
      })),
      twilioWebhook(options, "/status", (form, request) => ({
        kind: "accepted",
        events: parseStatus(form, queryOf(request)),
        answer: noContent,
      })),
    ],
    ...listsInbound({
      client,
      to: `whatsapp:${from}`,
      messagingServiceSid: null,
      read: (form) => parseTwilio(form, account),
    }),
    render: renderTwilio,
    renderTemplate: renderTwilioTemplate,
    ...withChoices(
      twilioMessages({ callbackUrl, client, prefix: "whatsapp:", from, messagingServiceSid: null }),
      createContents(client),
    ),
    async showTyping(_to, messageSid) {
      if (messageSid !== null) await client.showTyping(messageSid);
    },
    fetchMedia: ({ reference }, limitBytes, signal) => client.fetchMedia(reference, limitBytes, signal),
    removeMedia: ({ reference }, signal) => client.removeMedia(reference, signal),
    health: (signal) => client.health(signal),
  };
}
