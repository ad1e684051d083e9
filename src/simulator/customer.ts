import { randomBytes } from "node:crypto";
import { type CallerLines, createCallerLines } from "./caller-lines.ts";
import type { Media } from "./journal.ts";
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
  /** Over Twilio alone. */
  readonly media?: readonly Omit<Media, "sid">[];
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
  options: Parameters<typeof createCallerLines>[3] & {
    readonly twice?: () => boolean;
    /** Where the provider hands media out. */
    readonly apiUrl?: () => string;
  } = {},
): Customer {
  const posting = createServicePost(provider, service, options.twice ?? (() => false));
  const lines = createCallerLines(provider, service, posting, options);
  const { postForm, postCloud } = posting;
  const account = provider.account ?? "default";
  const channelUrl = (path: string) => `${service.publicUrl()}/channels/${path}`;

  const note = (channel: "sms" | "whatsapp", message: Text, sid: string, media: readonly Media[] = []) =>
    options.journal?.add({
      ...(media.length === 0 ? {} : { media }),
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

  const mediaOf = ({ media = [] }: Text): Media[] =>
    media.map((one) => ({ ...one, sid: `ME${randomBytes(16).toString("hex")}` }));
  const sidFor = ({ sid, media }: Text): string =>
    sid ?? `${media === undefined ? "SM" : "MM"}${randomBytes(16).toString("hex")}`;

  function messageForm(message: Text, sid: string, prefix: string, media: readonly Media[]): Map<string, string> {
    const messageUrl = `${options.apiUrl?.() ?? ""}/2010-04-01/Accounts/${provider.accountSid}/Messages/${sid}`;
    return new Map([
      ...media.flatMap((one, index): [string, string][] => [
        [`MediaUrl${index}`, `${messageUrl}/Media/${one.sid}`],
        [`MediaContentType${index}`, one.mime],
      ]),
      ["ToCountry", ""],
      ["MessageSid", sid],
      ["SmsMessageSid", sid],
      ["SmsSid", sid],
      ["AccountSid", provider.accountSid],
      ["From", prefix + message.from],
      ["To", prefix + message.to],
      ["Body", message.body],
      ["NumMedia", String(media.length)],
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
      const [sid, media] = [sidFor(message), mediaOf(message)];
      note("sms", message, sid, media);
      return postForm(channelUrl(`sms/${account}/webhook`), messageForm(message, sid, "", media));
    },
    async whatsapp(message) {
      if (provider.cloud === undefined) {
        const [sid, media] = [sidFor(message), mediaOf(message)];
        note("whatsapp", message, sid, media);
        const form = messageForm(message, sid, "whatsapp:", media);
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
