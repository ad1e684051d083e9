import { createCloudWhatsapp } from "../../channels/whatsapp/cloud/index.ts";
import { cloudEnvelope } from "../../src/simulator/customer.ts";
import { metaForged, metaGenuine, metaPost, recordedCloud } from "../support/signed.ts";
import { account, channelContract, ourNumber, type Post, publicUrl } from "./contract.ts";

const { phoneNumberId, token: bearer, appSecret } = account.cloud;

function post(person: string, id: string, content: Readonly<Record<string, unknown>>): Post {
  const from = person.replace("+", "");
  return metaPost(
    cloudEnvelope(phoneNumberId, ourNumber, {
      contacts: [{ profile: { name: "Ann Example" }, wa_id: from }],
      messages: [{ from, id: `wamid.${id}`, timestamp: "1763900000", ...content }],
    }),
  );
}

channelContract({
  name: "whatsapp",
  settings: ({ url }) => ({
    PUBLIC_URL: publicUrl,
    WHATSAPP_CLOUD_TOKEN: bearer,
    WHATSAPP_CLOUD_APP_SECRET: appSecret,
    WHATSAPP_CLOUD_VERIFY_TOKEN: "verify-me",
    WHATSAPP_CLOUD_PHONE_NUMBER_ID: phoneNumberId,
    WHATSAPP_CLOUD_API_URL: url,
  }),
  text: (_line, person, id, text) => post(person, id, { type: "text", text: { body: text } }),
  genuine: metaGenuine,
  forged: metaForged,
  unknown: (person, id) => ({
    "a type of the future": post(person, `${id}1`, {
      type: "hologram",
      hologram: { depth: 3, note: "a\u0000b\ud800" },
    }),
    "a known type in an unknown form": post(person, `${id}2`, { type: "text", text: "hello" }),
    "a field of the future": post(person, `${id}3`, { type: "text", text: { body: "hi", mood: "good" }, depth: 3 }),
    "half a character": post(person, `${id}4`, { type: "text", text: { body: "a\ud800b" } }),
    "a very deep payload": post(person, `${id}5`, {
      type: "deep",
      deep: JSON.parse("[".repeat(500) + "]".repeat(500)),
    }),
    "a hidden number": post(person, `${id}6`, {
      type: "text",
      text: { body: "hi" },
      from: undefined,
      from_user_id: "US.777",
    }),
  }),
  recorded: recordedCloud,
  sends: {
    channel(apiUrl, token = bearer) {
      const settings = { token, appSecret, verifyToken: "verify-me", phoneNumberId, apiUrl };
      const { close, ...channel } = createCloudWhatsapp({
        account: "default",
        publicUrl: () => publicUrl,
        burstWaitMs: 0,
        settings,
      });
      return { channel, close };
    },
    status: (person, deliveryId, id, status) =>
      metaPost(
        cloudEnvelope(phoneNumberId, ourNumber, {
          statuses: [
            {
              id,
              status,
              timestamp: "1763900001",
              recipient_id: person.replace("+", ""),
              biz_opaque_callback_data: deliveryId,
            },
          ],
        }),
      ),
    states: ["sent", "delivered", "read"],
    final: "read",
    tap: (person, id, option) =>
      post(person, id, { type: "interactive", interactive: { type: "button_reply", button_reply: option } }),
  },
  unreadable: (person, id) => post(person, id, { type: "hologram", hologram: { depth: 3 } }),
  consent: { stop: "STOP" },
  replyWindow: true,
  media: { reference: () => "77" },
});
