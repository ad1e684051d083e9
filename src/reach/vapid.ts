import { createECDH, createHmac } from "node:crypto";

/** How we show push services who we are (RFC 8292), as web-push takes it. */
export interface Vapid {
  readonly subject: string;
  readonly publicKey: string;
  readonly privateKey: string;
}

/**
 * The installation's own pair of keys, the same in every process and after every restart, because it is derived from
 * SECRET_KEY: browsers stay subscribed exactly as long as that key stays.
 */
export function vapidOf(secretKey: Buffer, publicUrl: string): Vapid {
  for (let attempt = 0; ; attempt += 1) {
    const seed = createHmac("sha256", secretKey).update(`push:${attempt}`).digest();
    const pair = keyPair(seed);
    // One seed of 2^32 is no private key of the curve; the next one is.
    if (pair !== null) return { ...pair, subject: subjectOf(publicUrl) };
  }
}

function keyPair(seed: Buffer): Pick<Vapid, "publicKey" | "privateKey"> | null {
  const curve = createECDH("prime256v1");
  try {
    curve.setPrivateKey(seed);
  } catch {
    return null;
  }
  return { publicKey: curve.getPublicKey("base64url"), privateKey: curve.getPrivateKey("base64url") };
}

/** Push services ask for an address to complain to: the site itself; on a developer's machine there is nobody. */
function subjectOf(publicUrl: string): string {
  return publicUrl.startsWith("https:") ? publicUrl : "mailto:nobody@localhost.invalid";
}
