import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createSms } from "../../channels/sms/index.ts";
import { createTwilioClient } from "../../channels/twilio/client.ts";
import { isFromTwilio } from "../../channels/twilio/verify.ts";
import { type Form, recordedForms, twilioForged, twilioGenuine, twilioPost } from "../support/signed.ts";
import { account, channelContract, ourNumber, publicUrl } from "./contract.ts";

const path = "/channels/sms/default/webhook";

function form(person: string, id: string, text: string, more: Form = {}): Form {
  const sid = `SM${id.padStart(32, "0")}`;
  return {
    MessageSid: sid,
    AccountSid: account.accountSid,
    From: person,
    To: ourNumber,
    Body: text,
    NumMedia: "0",
    ...more,
  };
}

channelContract({
  name: "sms",
  settings: ({ url }) => ({
    PUBLIC_URL: publicUrl,
    TWILIO_ACCOUNT_SID: account.accountSid,
    TWILIO_AUTH_TOKEN: account.authToken,
    TWILIO_API_URL: url,
    TWILIO_SMS_NUMBER: ourNumber,
  }),
  text: (_line, person, id, text) => twilioPost(path, form(person, id, text)),
  genuine: twilioGenuine,
  forged: twilioForged,
  unknown: (person, id) => ({
    "an empty message": twilioPost(path, form(person, `${id}1`, "")),
    "a field of the future": twilioPost(path, form(person, `${id}2`, "hello", { HologramDepth: "3" })),
    "a sender that is a name": twilioPost(path, form("BANK", `${id}3`, "hello")),
    "more media than there are": twilioPost(path, form(person, `${id}4`, "", { NumMedia: "4000000000" })),
  }),
  recorded: () => recordedForms(/^(sms|mms)-/, path),
  sends: {
    channel(apiUrl, token = account.authToken) {
      const client = createTwilioClient({
        accountSid: account.accountSid,
        authToken: token,
        apiKey: null,
        apiSecret: null,
        apiUrl,
      });
      const { authToken } = account;
      const channel = createSms({
        account: "default",
        authToken,
        from: ourNumber,
        messagingServiceSid: null,
        publicUrl: () => publicUrl,
        client,
        burstWaitMs: 0,
      });
      return { channel, close: () => client.close() };
    },
    status: (person, deliveryId, MessageSid, MessageStatus) =>
      twilioPost(`/channels/sms/default/status?d=${deliveryId}`, {
        MessageSid,
        MessageStatus,
        AccountSid: account.accountSid,
        From: ourNumber,
        To: person,
      }),
    states: ["queued", "sent", "delivered"],
    final: "delivered",
    tap: (person, id, { title }) => twilioPost(path, form(person, id, title)),
  },
  unreadable: (person, id) => twilioPost(path, form(person, id, "")),
  consent: {
    stop: "Parar",
    atProvider: ({ double }, customer, body) =>
      void double.journal.add({
        ...{ channel: "sms", direction: "in", customer, ours: ourNumber, body, sid: `SM${body}${customer}` },
        ...{ deliveryId: null, options: [], status: "received" },
      }),
  },
  media: { reference: (apiUrl) => `${apiUrl}/2010-04-01/Accounts/${account.accountSid}/Messages/MM1/Media/ME1` },
});

const vectors = new URL("../../../shared/fixtures/twilio/signature-vectors.json", import.meta.url).pathname;
test.skipIf(!existsSync(vectors))("S every published signature of Twilio's is judged as its own SDK judges it", () => {
  interface Vector {
    readonly name: string;
    readonly authToken: string;
    readonly url: string;
    readonly params: Readonly<Record<string, string | readonly string[]>> | null;
    readonly rawBody: string | null;
    readonly signature: string;
    readonly valid: boolean;
  }
  const known = JSON.parse(readFileSync(vectors, "utf8")) as readonly Vector[];
  expect(known.length).toBeGreaterThan(10);
  for (const { name, authToken, url, params, rawBody, signature, valid } of known) {
    const fields = Object.entries(params ?? {}).flatMap(([field, value]) =>
      [value].flat().map((one): [string, string] => [field, one]),
    );
    const publicPart = /^https?:\/\/[^/]+/.exec(url)?.[0] ?? "";
    const judged = isFromTwilio({
      authToken,
      publicUrl: publicPart,
      request: {
        method: "POST",
        url: url.slice(publicPart.length),
        headers: { "x-twilio-signature": signature },
        body: Buffer.from(rawBody ?? ""),
      },
      form: new URLSearchParams(fields),
    });
    expect(judged, name).toBe(valid);
  }
});
