import { z } from "zod";
import type { Sends } from "../channel.ts";
import type { TwilioClient } from "./client.ts";
import { retries } from "./webhook.ts";

export interface MessagesOptions {
  /** Where status callbacks go: "<public URL>/channels/<channel>/<account>". */
  readonly callbackUrl: () => string;
  readonly client: TwilioClient;
  /** What stands before a number: "whatsapp:" or nothing. */
  readonly prefix: string;
  readonly from: string | null;
  readonly messagingServiceSid: string | null;
}

/** What a rendered item holds: stored with the delivery, so it is read as something that came from outside. */
const content = z.object({
  body: z.string().exactOptional(),
  mediaUrl: z.array(z.string()).exactOptional(),
  contentSid: z.string().exactOptional(),
  contentVariables: z.string().exactOptional(),
});

/** What `render` makes for Twilio. */
export type TwilioContent = z.output<typeof content>;

/** Sends through POST /Messages.json. Our delivery id travels in the status callback's URL, which Twilio signs. */
export function twilioMessages(options: MessagesOptions): Sends {
  const { client, prefix, messagingServiceSid } = options;
  const from = options.from === null ? null : prefix + options.from;
  const sender = messagingServiceSid !== null ? { messagingServiceSid } : { from: from ?? "" };
  // A service picks the number by itself, so nobody knows what to ask for.
  const sentFrom = messagingServiceSid !== null ? null : from;
  return {
    send: ({ deliveryId, to, item }, signal) => {
      const statusCallback = `${options.callbackUrl()}/status?d=${deliveryId}${retries}`;
      return client.sendMessage(
        { to: prefix + to.value, ...sender, ...content.parse(item.body), statusCallback },
        signal,
      );
    },
    async lookUp({ to, item }, since, signal) {
      const { body = "", contentSid } = content.parse(item.body);
      // How Twilio words a content in its list is not promised, so a miss would prove nothing.
      if (contentSid !== undefined) return "cannot-tell";
      return client.findMessages({ from: sentFrom, to: prefix + to.value, body }, since, signal);
    },
  };
}
