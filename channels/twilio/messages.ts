import type { Outgoing, Sends } from "../channel.ts";
import type { Form, TwilioClient } from "./client.ts";

export interface MessagesOptions {
  /** Where status callbacks go: "<public URL>/channels/<channel>/<account>". */
  readonly callbackUrl: () => string;
  readonly client: TwilioClient;
  /** What stands before a number: "whatsapp:" or nothing. */
  readonly prefix: string;
  readonly from: string | null;
  readonly messagingServiceSid: string | null;
}

/** Sends through POST /Messages.json. Our delivery id travels in the status callback's URL, which Twilio signs. */
export function twilioMessages(options: MessagesOptions): Sends {
  const { client, prefix, from, messagingServiceSid } = options;
  const sender =
    messagingServiceSid === null ? { From: `${prefix}${from ?? ""}` } : { MessagingServiceSid: messagingServiceSid };
  return {
    send: (outgoing, signal) => {
      const StatusCallback = `${options.callbackUrl()}/status?d=${outgoing.deliveryId}`;
      return client.sendMessage(
        { To: prefix + outgoing.to.value, ...sender, ...formOf(outgoing), StatusCallback },
        signal,
      );
    },
    lookUp: (outgoing, since, signal) => {
      const sentFrom = from === null ? null : prefix + from;
      const body = String(formOf(outgoing).Body ?? "");
      return client.findMessages({ from: sentFrom, to: prefix + outgoing.to.value, body }, since, signal);
    },
  };
}

function formOf({ item }: Outgoing): Form {
  return Object.fromEntries(
    Object.entries(item.body).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : String(value)]),
  );
}
