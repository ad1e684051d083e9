import { createHmac, timingSafeEqual } from "node:crypto";
import type { RawRequest } from "../../channel.ts";

/**
 * Is this request really Meta's? HMAC-SHA256 over the bytes as they came: Meta escapes non-ASCII before it signs, so
 * JSON that was parsed and written again would fail for exactly the messages with accents or emoji. Constant time.
 */
export function isFromMeta(appSecret: string, request: RawRequest): boolean {
  const given = request.headers["x-hub-signature-256"];
  if (typeof given !== "string") return false;
  return equal(given, signMeta(appSecret, request.body));
}

export function signMeta(appSecret: string, body: Buffer | string): string {
  return `sha256=${createHmac("sha256", appSecret).update(body).digest("hex")}`;
}

/** The challenge of Meta's set-up request to echo; null when it does not know our verify token. */
export function challengeIn(verifyToken: string, url: string): string | null {
  const query = new URLSearchParams(url.split("?")[1] ?? "");
  const challenge = query.get("hub.challenge") ?? "";
  const asked = query.get("hub.mode") === "subscribe" && equal(query.get("hub.verify_token") ?? "", verifyToken);
  // Echoed to whoever knows the token, so only what a challenge looks like.
  return asked && /^[\w-]{1,200}$/.test(challenge) ? challenge : null;
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
