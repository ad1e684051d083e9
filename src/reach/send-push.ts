import webPush from "web-push";
import type { PublicClient } from "../lib/fetch-public.ts";
import { type PushSubscription, pushHosts } from "./subscriptions.ts";
import type { Vapid } from "./vapid.ts";

/** safety.md: a provider call may take 10 s. */
const sendLimitMs = 10_000;
/** A push service answers with a sentence at most. */
const answerMaxBytes = 64 * 1024;

export interface PushMessage {
  readonly title: string;
  readonly body: string;
  readonly lang: string;
  readonly dir: "ltr" | "rtl";
  /** A later one of the same tag takes the earlier one's place on the screen. */
  readonly tag: string;
  readonly url: string;
  /** Said back when the browser has shown it. */
  readonly shown: string;
}

export type PushResult =
  | { readonly outcome: "taken" }
  /** The browser unsubscribed or the address died. */
  | { readonly outcome: "gone" }
  | { readonly outcome: "later"; readonly reason: string }
  | { readonly outcome: "refused"; readonly reason: string };

/** How a push service is to treat a message: RFC 8030, "TTL" and "Topic" (32 URL-safe characters at most). */
export interface PushHandling {
  readonly keepSeconds: number;
  readonly topic: string;
}

/**
 * Hands one message to a browser's push service, encrypted so that only that browser reads it (RFC 8291). Sent twice, it
 * is shown once: the push service keeps one message per topic and the screen one per tag. Never throws.
 */
export async function sendPush(
  deps: { readonly client: PublicClient; readonly vapid: Vapid },
  to: PushSubscription,
  message: PushMessage,
  { keepSeconds, topic }: PushHandling,
): Promise<PushResult> {
  const { headers, body } = webPush.generateRequestDetails({ ...to }, JSON.stringify(message), {
    vapidDetails: { ...deps.vapid },
    contentEncoding: "aes128gcm",
    TTL: keepSeconds,
    urgency: "high",
    topic,
  });
  const answer = await deps.client.post(
    {
      url: to.endpoint,
      hosts: pushHosts,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      body,
      limitBytes: answerMaxBytes,
    },
    AbortSignal.timeout(sendLimitMs),
  );
  return answer.outcome === "answered" ? resultOf(answer.status) : answer;
}

function resultOf(status: number): PushResult {
  if (status >= 200 && status < 300) return { outcome: "taken" };
  if (status === 404 || status === 410) return { outcome: "gone" };
  if (status === 429 || status >= 500) return { outcome: "later", reason: `status ${status}` };
  return { outcome: "refused", reason: `status ${status}` };
}
