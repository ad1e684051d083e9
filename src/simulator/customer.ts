import { randomBytes } from "node:crypto";
import { type CallerLines, createCallerLines } from "./caller-lines.ts";
import {
  createServicePost,
  type Posted,
  type ProviderAccount,
  type ServiceAddress,
  type ServicePost,
} from "./service-post.ts";

interface Text {
  readonly from: string;
  readonly to: string;
  readonly body: string;
  /** Given to send the same message again, as a provider does. */
  readonly sid?: string;
}

export interface Customer extends Omit<CallerLines, "close">, ServicePost {
  sms(message: Text): Promise<Posted>;
  /** In Meta's form when the account has one, else in Twilio's. `choice` is a pressed button or list row. */
  whatsapp(message: Text & { readonly choice?: { readonly id: string; readonly title: string } }): Promise<Posted>;
}

/** Writes and calls as a customer would: builds and signs each webhook exactly as the provider does. */
export function createCustomer(
  provider: ProviderAccount,
  service: ServiceAddress,
  options: Parameters<typeof createCallerLines>[3] & { readonly twice?: () => boolean } = {},
): Customer {
  const posting = createServicePost(provider, service, options.twice ?? (() => false));
  const lines = createCallerLines(provider, service, posting, options);
  const { postForm, postCloud } = posting;
  const account = provider.account ?? "default";
  const channelUrl = (path: string) => `${service.publicUrl()}/channels/${path}`;

  const note = (channel: "sms" | "whatsapp", message: Text, sid: string) =>
    options.journal?.add({
      channel,
      direction: "in",
      customer: message.from,
      ours: message.to,
      body: message.body,
      sid,
      deliveryId: null,
      options: [],
      status: "received",
    });

  function messageForm(message: Text, sid: string, prefix: string): Map<string, string> {
    return new Map([
      ["ToCountry", ""],
      ["MessageSid", sid],
      ["SmsMessageSid", sid],
      ["SmsSid", sid],
      ["AccountSid", provider.accountSid],
      ["From", prefix + message.from],
      ["To", prefix + message.to],
      ["Body", message.body],
      ["NumMedia", "0"],
      ["NumSegments", "1"],
      ["SmsStatus", "received"],
      ["ApiVersion", "2010-04-01"],
    ]);
  }

  return {
    ...lines,
    postForm,
    postCloud,
    async sms(message) {
      const sid = message.sid ?? `SM${randomBytes(16).toString("hex")}`;
      note("sms", message, sid);
      return postForm(channelUrl(`sms/${account}/webhook`), messageForm(message, sid, ""));
    },
    async whatsapp(message) {
      if (provider.cloud === undefined) {
        const sid = message.sid ?? `SM${randomBytes(16).toString("hex")}`;
        note("whatsapp", message, sid);
        const form = messageForm(message, sid, "whatsapp:");
        form.set("ProfileName", "Simulated customer");
        form.set("WaId", message.from.replace("+", ""));
        form.set("MessageType", message.choice === undefined ? "text" : "button");
        if (message.choice !== undefined) {
          form.set("ButtonPayload", message.choice.id);
          form.set("ButtonText", message.choice.title);
          form.set("Body", message.choice.title);
        }
        return postForm(channelUrl(`whatsapp/${account}/webhook`), form);
      }
      const sid = message.sid ?? `wamid.${randomBytes(24).toString("base64")}`;
      note("whatsapp", message, sid);
      const posted = await postCloud(cloudMessage(provider.cloud.phoneNumberId, message, sid));
      return { ...posted, sid };
    },
    async close() {
      lines.close();
      await posting.close();
    },
  };
}

function cloudMessage(
  phoneNumberId: string,
  message: Text & { readonly choice?: { readonly id: string; readonly title: string } },
  id: string,
): unknown {
  const from = message.from.replace("+", "");
  const content =
    message.choice === undefined
      ? { type: "text", text: { body: message.body } }
      : { type: "interactive", interactive: { type: "button_reply", button_reply: message.choice } };
  return cloudEnvelope(phoneNumberId, message.to, {
    contacts: [{ profile: { name: "Simulated customer" }, wa_id: from }],
    messages: [{ from, id, timestamp: String(Math.floor(Date.now() / 1000)), ...content }],
  });
}

export function cloudEnvelope(phoneNumberId: string, ours: string, value: Readonly<Record<string, unknown>>): unknown {
  const metadata = { display_phone_number: ours.replace("+", ""), phone_number_id: phoneNumberId };
  return {
    object: "whatsapp_business_account",
    entry: [
      {
        id: "100000000000001",
        changes: [{ field: "messages", value: { messaging_product: "whatsapp", metadata, ...value } }],
      },
    ],
  };
}
