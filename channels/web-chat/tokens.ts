import { createHmac, timingSafeEqual } from "node:crypto";

/** Direct Line's own lifetime; stock clients refresh after half of it. */
export const tokenSeconds = 1_800;
/** A stream address is used at once or not at all. */
const streamSeconds = 60;

export interface Visitor {
  readonly conversationId: string;
  readonly visitorId: string;
}

/** A token that opens exactly one conversation, signed with the installation's key. */
export function issueToken(key: Buffer, visitor: Visitor, now: number, purpose: "api" | "stream" = "api"): string {
  const expires = Math.floor(now / 1000) + (purpose === "api" ? tokenSeconds : streamSeconds);
  const claims = Buffer.from(JSON.stringify([purpose, visitor.conversationId, visitor.visitorId, expires])).toString(
    "base64url",
  );
  return `${claims}.${sign(key, claims)}`;
}

/** Whom a token speaks for; "expired" or "invalid" otherwise. Constant time over the signature. */
export function readToken(
  key: Buffer,
  token: string,
  now: number,
  purpose: "api" | "stream" = "api",
): Visitor | "expired" | "invalid" {
  const [claims = "", signature = ""] = token.split(".");
  const right = Buffer.from(sign(key, claims));
  const given = Buffer.from(signature);
  if (right.length !== given.length || !timingSafeEqual(right, given)) return "invalid";
  const [kind, conversationId, visitorId, expires] = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as [
    string,
    string,
    string,
    number,
  ];
  if (kind !== purpose) return "invalid";
  return expires * 1000 <= now ? "expired" : { conversationId, visitorId };
}

function sign(key: Buffer, claims: string): string {
  return createHmac("sha256", key).update(`web-chat:${claims}`).digest("base64url");
}
