import { createTwilioClient } from "../../channels/twilio/client.ts";
import { createTwilioWhatsapp } from "../../channels/whatsapp/twilio/index.ts";
import { type Form, recordedForms, twilioForged, twilioGenuine, twilioPost } from "../support/signed.ts";
import { account, channelContract, ourNumber, publicUrl } from "./contract.ts";

const path = "/channels/whatsapp/default/webhook";

function form(person: string, id: string, text: string, more: Form = {}): Form {
  return {
    MessageSid: `SM${id.padStart(32, "0")}`,
    AccountSid: account.accountSid,
    From: `whatsapp:${person}`,
    To: `whatsapp:${ourNumber}`,
    Body: text,
    NumMedia: "0",
    ProfileName: "Ann Example",
    WaId: person.replace("+", ""),
    MessageType: "text",
    ...more,
  };
}

channelContract({
  name: "whatsapp",
  settings: ({ url }) => ({
    PUBLIC_URL: publicUrl,
    TWILIO_ACCOUNT_SID: account.accountSid,
    TWILIO_AUTH_TOKEN: account.authToken,
    TWILIO_API_URL: url,
    TWILIO_WHATSAPP_NUMBER: ourNumber,
  }),
  text: (_line, person, id, text) => twilioPost(path, form(person, id, text)),
  genuine: twilioGenuine,
  forged: twilioForged,
  unknown: (person, id) => ({
    "a type of the future": twilioPost(path, form(person, `${id}1`, "", { MessageType: "hologram" })),
    "a field of the future": twilioPost(path, form(person, `${id}2`, "hello", { HologramDepth: "3" })),
    "a place that is none": twilioPost(
      path,
      form(person, `${id}3`, "", { MessageType: "location", Latitude: "north" }),
    ),
    "a hidden number": twilioPost(path, form(person, `${id}4`, "hello", { From: "whatsapp:US.1349", WaId: "" })),
    "a person of no known kind": twilioPost(path, form(person, `${id}5`, "hello", { From: "whatsapp:?!", WaId: "" })),
  }),
  recorded: () => recordedForms(/^wa-/, path),
  sends: {
    channel(apiUrl, token = account.authToken) {
      const client = createTwilioClient({
        accountSid: account.accountSid,
        authToken: token,
        apiKey: null,
        apiSecret: null,
        apiUrl,
      });
      const channel = createTwilioWhatsapp({
        account: "default",
        authToken: account.authToken,
        from: ourNumber,
        publicUrl: () => publicUrl,
        client,
        burstWaitMs: 0,
      });
      return { channel, close: () => client.close() };
    },
    status: (person, deliveryId, MessageSid, MessageStatus) =>
      twilioPost(`/channels/whatsapp/default/status?d=${deliveryId}`, {
        MessageSid,
        MessageStatus,
        AccountSid: account.accountSid,
        From: `whatsapp:${ourNumber}`,
        To: `whatsapp:${person}`,
      }),
    states: ["sent", "delivered", "read"],
    final: "read",
    tap: (person, id, option) =>
      twilioPost(
        path,
        form(person, id, option.title, { MessageType: "button", ButtonPayload: option.id, ButtonText: option.title }),
      ),
  },
  unreadable: (person, id) => twilioPost(path, form(person, id, "", { MessageType: "hologram" })),
  consent: { stop: "STOP" },
  replyWindow: true,
  media: { reference: (apiUrl) => `${apiUrl}/2010-04-01/Accounts/${account.accountSid}/Messages/MM1/Media/ME1` },
});
