import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { metaJson, metaSignature, twilioSignature } from "./sign.ts";

/** Twilio gives a webhook 15 s in all. */
const webhookTimeoutMs = 15_000;
const connectionsMax = 64;
const retryAfterMs = 200;

export interface ServiceAddress {
  /** What the service was told its public address is: signatures cover it. */
  readonly publicUrl: () => string;
  /** Where it really listens; the public address when left out. */
  readonly origin?: () => string;
}

export interface ProviderAccount {
  readonly accountSid: string;
  readonly authToken: string;
  readonly cloud?: { readonly appSecret: string; readonly phoneNumberId: string; readonly token: string };
  /** The channel account the webhooks are posted to. */
  readonly account?: string;
}

export interface Posted {
  readonly status: number;
  readonly body: string;
  readonly sid: string;
}

export interface ServicePost {
  /**
   * Posts a signed form to a URL of the service; used for status reports too. Tries again as often as the URL's fragment
   * says; nobody signs that part.
   */
  postForm(url: string, form: ReadonlyMap<string, string>): Promise<Posted>;
  postCloud(value: unknown): Promise<Posted>;
  close(): Promise<void>;
}

/** The provider's webhooks: each is signed as the provider does it, and some come `twice`. */
export function createServicePost(
  provider: ProviderAccount,
  service: ServiceAddress,
  twice: () => boolean,
): ServicePost {
  const pools = new Map<string, Pool>();
  const cloudUrl = () => `${service.publicUrl()}/channels/whatsapp/${provider.account ?? "default"}/webhook`;

  async function post(
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<{ status: number; body: string }> {
    const signed = new URL(url);
    const origin = service.origin?.() ?? signed.origin;
    let pool = pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connections: connectionsMax,
        headersTimeout: webhookTimeoutMs,
        bodyTimeout: webhookTimeoutMs,
      });
      pools.set(origin, pool);
    }
    const answer = await pool.request({ method: "POST", path: signed.pathname + signed.search, headers, body });
    return { status: answer.statusCode, body: await answer.body.text() };
  }

  async function postForm(url: string, form: ReadonlyMap<string, string>): Promise<Posted> {
    const [signed = url, fragment] = url.split("#");
    const retries = Number(new URLSearchParams(fragment).get("rc") ?? 0);
    for (let tries = 0; ; tries++) {
      const posted = await postOnce(signed, form).catch((error: unknown) => {
        if (tries >= retries) throw error;
        return null;
      });
      if (posted !== null && (posted.status < 500 || tries >= retries)) return posted;
      await sleep(retryAfterMs);
    }
  }

  async function postOnce(url: string, form: ReadonlyMap<string, string>): Promise<Posted> {
    const headers = {
      "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
      "user-agent": "TwilioProxy/1.1",
      "x-twilio-signature": twilioSignature(provider.authToken, url, form),
      "i-twilio-idempotency-token": randomBytes(16).toString("hex"),
    };
    const body = new URLSearchParams([...form]).toString();
    const first = await post(url, headers, body);
    if (twice()) await post(url, headers, body);
    return { ...first, sid: form.get("MessageSid") ?? form.get("CallSid") ?? "" };
  }

  async function postCloud(value: unknown): Promise<Posted> {
    if (provider.cloud === undefined) throw new Error("The simulator has no WhatsApp Cloud account; give it one.");
    const body = metaJson(value);
    const headers = {
      "content-type": "application/json",
      "x-hub-signature-256": metaSignature(provider.cloud.appSecret, body),
    };
    const first = await post(cloudUrl(), headers, body);
    if (twice()) await post(cloudUrl(), headers, body);
    return { ...first, sid: "" };
  }

  return {
    postForm,
    postCloud,
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}
