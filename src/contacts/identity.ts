import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import { firstOf } from "../lib/clean-text.ts";

/** C3: the host site's server signs a new one for each visit. */
const maxAgeSeconds = 300;
/** Two servers' clocks. */
const clockSlackSeconds = 5;
/** A sign-in waits for somebody's key server no longer than for our database. */
const keysWithinMs = 1_500;
const audience = "everline";
const textMaxChars = 200;
const nameMaxChars = 100;

/** Who the host site's server says that the visitor is. */
export interface Identity {
  readonly subject: string;
  readonly name: string | null;
  readonly jti: string;
  readonly expiresAt: Date;
}

export type IdentityCheck =
  | { readonly outcome: "verified"; readonly identity: Identity }
  /** `why` is for the developer who embeds the chat; it tells nothing that the token does not. */
  | { readonly outcome: "refused"; readonly why: string }
  | { readonly outcome: "unavailable" };

/**
 * Checks an identity token (C3): signed with the one algorithm of each configured key, for exactly this audience, at
 * most five minutes old and long, with a subject and an id. Whether the id was used is for the database to say.
 */
export function createIdentityCheck(settings: { readonly secret: string | null; readonly jwksUrl: string | null }) {
  const secret = settings.secret === null ? null : new TextEncoder().encode(settings.secret);
  const keys =
    settings.jwksUrl === null ? null : createRemoteJWKSet(new URL(settings.jwksUrl), { timeoutDuration: keysWithinMs });

  /** A shared secret opens HS256 alone and public keys the other two: a public key never serves as a secret. */
  function verify(token: string, now: Date): Promise<{ payload: JWTPayload }> | null {
    const options = { currentDate: now, clockTolerance: clockSlackSeconds, audience, maxTokenAge: maxAgeSeconds };
    const alg = algorithmOf(token);
    if (alg === "HS256" && secret !== null) return jwtVerify(token, secret, { ...options, algorithms: ["HS256"] });
    if ((alg === "RS256" || alg === "ES256") && keys !== null)
      return jwtVerify(token, keys, { ...options, algorithms: ["RS256", "ES256"] });
    return null;
  }

  return async (token: string, now: Date): Promise<IdentityCheck> => {
    if (secret === null && keys === null) return refused("identity is not configured here");
    try {
      const verified = await verify(token, now);
      return verified === null
        ? refused("its algorithm is not one that this service is set up for")
        : read(verified.payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return refused("it has expired");
      if (error instanceof errors.JWTClaimValidationFailed)
        return refused(`its claim "${error.claim}" is missing or wrong`);
      if (isFromToken(error)) return refused("it is not signed with the configured key, or is no token");
      return { outcome: "unavailable" };
    }
  };
}

function algorithmOf(token: string): string | null {
  try {
    return decodeProtectedHeader(token).alg ?? null;
  } catch {
    return null;
  }
}

/** Everything else that can be thrown is about fetching the keys. */
function isFromToken(error: unknown): boolean {
  return (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

function read(payload: JWTPayload): IdentityCheck {
  const { sub, aud, iat, exp, jti, name } = payload;
  if (aud !== audience) return refused(`its claim "aud" is not exactly "${audience}"`);
  if (!isText(sub)) return refused('its claim "sub" is missing, empty or too long');
  if (!isText(jti)) return refused('its claim "jti" is missing, empty or too long');
  if (iat === undefined || exp === undefined || exp - iat > maxAgeSeconds || exp <= iat)
    return refused('its claims "iat" and "exp" are missing or more than five minutes apart');
  const identity = { subject: sub, name: nameOf(name), jti, expiresAt: new Date((exp + clockSlackSeconds) * 1_000) };
  return { outcome: "verified", identity };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= textMaxChars && !/\p{Cc}/u.test(value);
}

/** X4: agents read it, so it has no characters that are not seen. */
function nameOf(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const name = firstOf(value.replace(/\p{C}/gu, "").trim(), nameMaxChars);
  return name === "" ? null : name;
}

function refused(why: string): IdentityCheck {
  return { outcome: "refused", why };
}
