import { createHmac, timingSafeEqual } from "node:crypto";

/** Direct Line's own lifetime; stock clients refresh after half of it. */
export const tokenSeconds = 1_800;
/** A stream address is used at once or not at all. */
const streamSeconds = 60;
/** A browser that comes back within a month finds its conversation again. */
export const resumeSeconds = 30 * 86_400;
/** Links to files change their text this seldom, so that browsers can keep what they loaded; each lives once to twice as long. */
const fileLinkSeconds = 1_800;

/** Whom a token speaks for: one conversation, written to under one address. */
export interface Visitor {
  readonly sessionId: string;
  readonly conversationId: string;
  /** The Direct Line user id. */
  readonly visitorId: string;
  readonly address: { readonly kind: "web-visitor" | "account"; readonly value: string };
}

type Purpose = "api" | "stream" | "resume";

export type ReadToken =
  | { readonly outcome: "valid"; readonly visitor: Visitor; readonly secondsLeft: number }
  | { readonly outcome: "not-ours" | "expired" | "other-purpose" };

const lifetimes: Readonly<Record<Purpose, number>> = {
  api: tokenSeconds,
  stream: streamSeconds,
  resume: resumeSeconds,
};

/** A token for one purpose that opens exactly one conversation, signed with the installation's key. */
export function issueToken(key: Buffer, visitor: Visitor, now: number, purpose: Purpose = "api"): string {
  const { sessionId, conversationId, visitorId, address } = visitor;
  const expires = Math.floor(now / 1_000) + lifetimes[purpose];
  return seal(key, [purpose, expires, sessionId, conversationId, visitorId, address.kind, address.value]);
}

/** The key with which a browser takes over a session that was opened for its visitor elsewhere (a resume link). */
export function issueResumeKey(
  key: Buffer,
  session: Pick<Visitor, "sessionId" | "conversationId">,
  address: Visitor["address"],
): string {
  // A visitor's address is their Direct Line user id.
  return issueToken(key, { ...session, visitorId: address.value, address }, Date.now(), "resume");
}

/** Whom a token speaks for. Constant time over the signature; nothing unsigned is parsed. */
export function readToken(key: Buffer, token: string, now: number, purpose: Purpose = "api"): ReadToken {
  const claims = unseal(key, token);
  if (claims === null) return { outcome: "not-ours" };
  const [given, expires, sessionId, conversationId, visitorId, kind, value] = claims as TokenClaims;
  if (given !== purpose) return { outcome: "other-purpose" };
  const secondsLeft = expires - Math.floor(now / 1_000);
  if (secondsLeft <= 0) return { outcome: "expired" };
  return {
    outcome: "valid",
    visitor: { sessionId, conversationId, visitorId, address: { kind, value } },
    secondsLeft,
  };
}

/** Whom a token spoke for, also when its time is over: good for ending what it opened, and for nothing else. */
export function readPastToken(key: Buffer, token: string): Visitor | null {
  const read = readToken(key, token, 0);
  return read.outcome === "valid" ? read.visitor : null;
}

type TokenClaims = [Purpose, number, string, string, string, "web-visitor" | "account", string];

/** What a link to a file needs beside the address: good for this file, in this conversation, while the session is open. */
export function issueFileLink(key: Buffer, visitor: Visitor, fileId: string, now: number): string {
  const expires = (Math.floor(now / 1_000 / fileLinkSeconds) + 2) * fileLinkSeconds;
  return seal(key, ["file", expires, visitor.sessionId, visitor.conversationId, fileId]);
}

export type ReadFileLink =
  | { readonly outcome: "valid"; readonly sessionId: string; readonly conversationId: string }
  | { readonly outcome: "not-ours" | "expired" | "other-purpose" };

export function readFileLink(key: Buffer, token: string, fileId: string, now: number): ReadFileLink {
  const claims = unseal(key, token);
  if (claims === null) return { outcome: "not-ours" };
  const [purpose, expires, sessionId, conversationId, file] = claims as [string, number, string, string, string];
  if (purpose !== "file" || file !== fileId) return { outcome: "other-purpose" };
  return expires * 1_000 <= now ? { outcome: "expired" } : { outcome: "valid", sessionId, conversationId };
}

function seal(key: Buffer, claims: readonly unknown[]): string {
  const text = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${text}.${sign(key, text)}`;
}

function unseal(key: Buffer, token: string): unknown[] | null {
  const [text = "", signature = "", ...rest] = token.split(".");
  const right = Buffer.from(sign(key, text));
  const given = Buffer.from(signature);
  if (rest.length > 0 || right.length !== given.length || !timingSafeEqual(right, given)) return null;
  return JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown[];
}

function sign(key: Buffer, text: string): string {
  return createHmac("sha256", key).update(`web-chat:${text}`).digest("base64url");
}
