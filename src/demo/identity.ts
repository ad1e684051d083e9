import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";

/** Half of what is allowed (C3): the token is used within a second. */
const livesSeconds = 120;

/** The token with which a company's own server signs its customer in to the chat; what docs/account-data.md describes. */
export function issueIdentity(
  secret: string,
  customer: { readonly id: string; readonly name: string },
  nowMs: number,
): Promise<string> {
  const now = Math.floor(nowMs / 1_000);
  return new SignJWT({ name: customer.name })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(customer.id)
    .setAudience("everline")
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + livesSeconds)
    .sign(new TextEncoder().encode(secret));
}
