import { createPublicClient } from "../../../src/lib/fetch-public.ts";
import type {
  Channel,
  ContactAddress,
  FetchesMedia,
  RawRequest,
  Received,
  ReceivesWebhooks,
  ReportsHealth,
  Sends,
  SendsTemplates,
  ShowsTyping,
} from "../../channel.ts";
import { replyWindowMs, type WhatsappOptions } from "../options.ts";
import { type CloudSettings, createCloudClient } from "./client.ts";
import { fetchCloudMedia } from "./media.ts";
import { parseCloud } from "./parse.ts";
import { renderCloud, renderCloudTemplate, textMaxChars } from "./render.ts";
import { challengeIn, isFromMeta } from "./verify.ts";

/** Meta's own limit on a webhook, which can hold many messages. */
const webhookMaxBytes = 3 * 1024 * 1024;

/** WhatsApp over Meta's Cloud API. */
export function createCloudWhatsapp(
  options: WhatsappOptions & { readonly settings: CloudSettings },
): Channel &
  ReceivesWebhooks &
  Sends &
  SendsTemplates &
  ShowsTyping &
  FetchesMedia &
  ReportsHealth & { close(): Promise<void> } {
  const { account, settings } = options;
  const client = createCloudClient(settings);
  const http = createPublicClient(settings.apiUrl);
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
      { method: "GET", path: "/webhook", receive: (request) => greet(settings.verifyToken, request) },
      { method: "POST", path: "/webhook", maxBytes: webhookMaxBytes, receive: (request) => receive(options, request) },
    ],
    render: renderCloud,
    renderTemplate: renderCloudTemplate,
    send: ({ deliveryId, to, item }, signal) => {
      const carried = { recipient_type: "individual", biz_opaque_callback_data: deliveryId };
      return client.send({ ...carried, ...recipient(to), ...item.body }, signal);
    },
    // Meta cannot be asked what it took; its status report carries our delivery id and tells.
    lookUp: async () => "cannot-tell",
    async showTyping(_to, messageId) {
      if (messageId === null) return;
      const typing = { status: "read", message_id: messageId, typing_indicator: { type: "text" } };
      await client.send(typing, AbortSignal.timeout(5_000));
    },
    fetchMedia: ({ reference }, limitBytes, signal) =>
      fetchCloudMedia({ client, http, token: settings.token }, reference, limitBytes, signal),
    async health(signal) {
      const answer = await client.get(settings.phoneNumberId, signal).catch(() => null);
      if (answer === null) return { state: "down", detail: "Meta's API cannot be reached." };
      if (answer.status === 200) return { state: "ok", detail: "Meta knows our number." };
      const detail = `Meta answers ${answer.status}. Check WHATSAPP_CLOUD_TOKEN and WHATSAPP_CLOUD_PHONE_NUMBER_ID.`;
      return { state: answer.status >= 500 ? "degraded" : "needs-action", detail };
    },
    async close() {
      await Promise.all([client.close(), http.close()]);
    },
  };
}

/** The number if we know it, else the business-scoped id. */
function recipient(to: ContactAddress): Readonly<Record<string, string>> {
  return to.kind === "e164" ? { to: to.value.replace("+", "") } : { recipient: to.value };
}

function greet(verifyToken: string, request: RawRequest): Received {
  const challenge = challengeIn(verifyToken, request.url);
  if (challenge === null) return { kind: "refused", answer: { status: 403 }, reason: "verify-token-wrong" };
  return { kind: "accepted", events: [], answer: { status: 200, contentType: "text/plain", body: challenge } };
}

function receive(options: WhatsappOptions & { readonly settings: CloudSettings }, request: RawRequest): Received {
  const { appSecret, phoneNumberId } = options.settings;
  if (!isFromMeta(appSecret, request)) {
    const missing = request.headers["x-hub-signature-256"] === undefined;
    const reason = missing ? "signature-missing" : "signature-wrong";
    return { kind: "refused", answer: { status: missing ? 400 : 403 }, reason };
  }
  const body = readJson(request.body);
  if (body === undefined) return { kind: "refused", answer: { status: 400 }, reason: "not-json" };
  const events = parseCloud(body, { account: options.account, phoneNumberId });
  return { kind: "accepted", events, answer: { status: 200 } };
}

function readJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
