import type { FastifyReply, FastifyRequest } from "fastify";
import { readFileLink, readToken, type Visitor } from "./tokens.ts";
import type { StreamRequest } from "./upgrade.ts";

export interface DoorDeps {
  readonly key: Buffer;
  readonly now: () => number;
  readonly sessionState: (sessionId: string) => Promise<"open" | "ended" | "gone">;
  /** May this session ask once more? Left out: always. */
  readonly allow?: (sessionId: string) => boolean;
}

/** A visitor who may come in, with the token that they showed. */
export interface Admitted {
  readonly visitor: Visitor;
  readonly token: string;
  readonly secondsLeft: number;
}

/** Direct Line's words for a refusal; stock clients act on the status alone. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 413 | 429 | 503;
  readonly code: string;
  readonly message: string;
}

export const refusals = {
  noToken: { status: 401, code: "Unauthorized", message: "Send the token as Authorization: Bearer." },
  notOurs: { status: 401, code: "Unauthorized", message: "The token is not valid." },
  otherPurpose: { status: 403, code: "BadScope", message: "The token is not meant for this." },
  expired: { status: 403, code: "TokenExpired", message: "The token has expired. Ask for a new one." },
  noConversation: { status: 404, code: "NotFound", message: "There is no such conversation." },
  noFile: { status: 404, code: "NotFound", message: "There is no such file." },
  foreignOrigin: { status: 403, code: "ForeignOrigin", message: "The chat may not be used from this site." },
  tooMany: {
    status: 429,
    code: "TooManyRequests",
    message: "That was a lot at once. Wait half a minute and try again.",
  },
} as const satisfies Record<string, Refusal>;

/**
 * The one way in for requests (A1): a signed token, an open session, and the token's own conversation. A foreign
 * conversation and a missing one get the same answer (A3).
 */
export async function admit(deps: DoorDeps, request: FastifyRequest): Promise<Admitted | Refusal> {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) return refusals.noToken;
  const read = readToken(deps.key, token, deps.now());
  if (read.outcome !== "valid") return refusalOf(read.outcome);
  const { visitor, secondsLeft } = read;
  // Only who was let in is counted, so that a stranger's inventions fill nothing; before anything costs a statement.
  if (deps.allow?.(visitor.sessionId) === false) return refusals.tooMany;
  const state = await deps.sessionState(visitor.sessionId);
  if (state === "ended") return refusals.expired;
  const id = idIn(request);
  if (state === "gone" || (id !== null && id !== visitor.conversationId)) return refusals.noConversation;
  return { visitor, token, secondsLeft };
}

/** The same for a socket, whose address carries its own short token because browsers cannot send one otherwise. */
export async function admitSocket(deps: DoorDeps, request: StreamRequest): Promise<Visitor | Refusal> {
  const read = readToken(deps.key, request.query.get("t") ?? "", deps.now(), "stream");
  if (read.outcome !== "valid") return refusalOf(read.outcome);
  const state = await deps.sessionState(read.visitor.sessionId);
  if (state !== "open" || read.visitor.conversationId !== request.conversationId) return refusals.noConversation;
  return read.visitor;
}

/** Where a conversation stands, for whoever holds its token; null for everybody else, without asking the database. */
export async function lastSeqFor(
  deps: Pick<DoorDeps, "key" | "now"> & { readonly lastSeq: (conversationId: string) => Promise<number> },
  request: StreamRequest,
): Promise<number | null> {
  const read = readToken(deps.key, request.query.get("t") ?? "", deps.now(), "stream");
  if (read.outcome !== "valid" || read.visitor.conversationId !== request.conversationId) return null;
  return deps.lastSeq(request.conversationId).catch(() => null);
}

/** Whose file a link or a token opens; the link is for images, which cannot send a token. */
export async function admitToFile(
  deps: DoorDeps,
  request: FastifyRequest,
  fileId: string,
): Promise<{ readonly conversationId: string } | Refusal> {
  const { t } = request.query as { t?: string };
  if (typeof t !== "string") {
    const admitted = await admit(deps, request);
    return isRefusal(admitted) ? admitted : { conversationId: admitted.visitor.conversationId };
  }
  const read = readFileLink(deps.key, t, fileId, deps.now());
  if (read.outcome === "other-purpose") return refusals.noFile;
  if (read.outcome !== "valid") return refusalOf(read.outcome);
  const state = await deps.sessionState(read.sessionId);
  if (state === "ended") return refusals.expired;
  return state === "gone" ? refusals.noFile : { conversationId: read.conversationId };
}

export function isRefusal(answer: object): answer is Refusal {
  return "status" in answer;
}

export function refuse(reply: FastifyReply, { status, code, message }: Refusal) {
  if (status === 429) void reply.header("retry-after", "30");
  if (status === 503) void reply.header("retry-after", "1");
  return reply.status(status).send({ error: { code, message } });
}

function refusalOf(outcome: "not-ours" | "expired" | "other-purpose"): Refusal {
  switch (outcome) {
    case "not-ours":
      return refusals.notOurs;
    case "expired":
      return refusals.expired;
    case "other-purpose":
      return refusals.otherPurpose;
  }
}

function idIn(request: FastifyRequest): string | null {
  return (request.params as { id?: string }).id ?? null;
}
