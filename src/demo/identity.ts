import { randomUUID } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";

/** Half of what is allowed (C3): the token is used within a second. */
const livesSeconds = 120;
/** Whoever signed in at the company stays so for a working day. */
const signedInSeconds = 12 * 3_600;
const signedInAudience = "demo-sign-in";

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

/** What the company's own cookie holds: no identity token, the chat takes it for none (C3). */
export function issueSignedIn(secret: string, customer: { readonly id: string }, nowMs: number): Promise<string> {
  const now = Math.floor(nowMs / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(customer.id)
    .setAudience(signedInAudience)
    .setIssuedAt(now)
    .setExpirationTime(now + signedInSeconds)
    .sign(new TextEncoder().encode(secret));
}

/** Who is signed in at the company; null when nobody is any more. */
export async function readSignedIn(secret: string, cookie: string, nowMs: number): Promise<string | null> {
  const options = { algorithms: ["HS256"], audience: signedInAudience, currentDate: new Date(nowMs) };
  return jwtVerify(cookie, new TextEncoder().encode(secret), options).then(
    ({ payload }) => payload.sub ?? null,
    () => null,
  );
}
