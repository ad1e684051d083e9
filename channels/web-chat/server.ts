import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import type { Channel, ContactAddress, InboundMessage } from "../channel.ts";
import {
  activityId,
  type PostedActivity,
  type TimelineEntry,
  textMaxChars,
  toActivity,
  toMessage,
} from "./activity.ts";
import { issueToken, readToken, tokenSeconds, type Visitor } from "./tokens.ts";

const prefix = "/v3/directline";
const pageMax = 200;
/** An empty frame this often keeps proxies from closing a quiet socket. */
const keepAliveMs = 20_000;
/** More than any person types, less than a script wants. */
const postsPerMinute = 60;
const tokensPerMinute = 120;

export interface WebChatDeps {
  readonly accept: (
    message: InboundMessage,
    channel: Channel,
  ) => Promise<{ readonly seq: number; readonly conversationId: string }>;
  /** The conversation of an address; made when there is none yet. */
  readonly openConversation: (address: ContactAddress) => Promise<string>;
  readonly timeline: (conversationId: string, afterSeq: number, limit: number) => Promise<readonly TimelineEntry[]>;
  readonly lastSeq: (conversationId: string) => Promise<number>;
  readonly subscribe: (conversationId: string, onChange: () => void) => () => void;
  readonly key: Buffer;
  readonly publicUrl: () => string;
  readonly now: () => number;
}

/** The Direct Line 3.0 server for web chat: a visitor's token opens their own conversation and nothing else (R8). */
export async function directLine(app: FastifyInstance, channel: Channel, deps: WebChatDeps): Promise<void> {
  const posts = limiter(postsPerMinute, deps.now);
  const tokens = limiter(tokensPerMinute, deps.now);
  await app.register(
    async (scope) => {
      scope.addHook("onRequest", async (_request, reply) => {
        void reply.header("access-control-allow-origin", "*").header("access-control-expose-headers", "Retry-After");
      });
      scope.options("/*", hidden, async (_request, reply) =>
        reply
          .header("access-control-allow-methods", "GET, POST, OPTIONS")
          .header("access-control-allow-headers", "Authorization, Content-Type, x-ms-bot-agent, x-requested-with")
          .header("access-control-max-age", "86400")
          .status(204)
          .send(),
      );
      scope.post("/tokens/generate", hidden, async (request, reply) => {
        if (!tokens(request.ip)) return tooMany(reply);
        const visitorId = `dl_${randomBytes(16).toString("hex")}`;
        const conversationId = await deps.openConversation({
          channel: channel.name,
          kind: "web-visitor",
          value: visitorId,
        });
        return opened({ conversationId, visitorId });
      });
      scope.post("/tokens/refresh", hidden, (request, reply) =>
        withVisitor(request, reply, async (visitor) => opened(visitor)),
      );
      scope.post("/conversations", hidden, (request, reply) =>
        withVisitor(request, reply, async (visitor) =>
          reply.status(201).send({ ...opened(visitor), streamUrl: streamUrl(visitor, 0) }),
        ),
      );
      scope.get("/conversations/:id", hidden, (request, reply) =>
        withVisitor(request, reply, async (visitor) => ({
          ...opened(visitor),
          streamUrl: streamUrl(visitor, watermarkOf(request)),
        })),
      );
      scope.get("/conversations/:id/activities", hidden, (request, reply) =>
        withVisitor(request, reply, async (visitor) => activitySet(visitor, watermarkOf(request) ?? 0)),
      );
      scope.post("/conversations/:id/activities", hidden, (request, reply) =>
        withVisitor(request, reply, async (visitor) => {
          if (!posts(visitor.visitorId)) return tooMany(reply);
          const posted = request.body;
          if (typeof posted !== "object" || posted === null)
            return fail(reply, 400, "BadArgument", "An activity is a JSON object.");
          const { text } = posted as PostedActivity;
          if (typeof text === "string" && text.length > textMaxChars)
            return fail(reply, 413, "MessageSizeTooBig", `A message has at most ${textMaxChars} characters.`);
          const message = toMessage(posted as PostedActivity, visitor, randomBytes(16).toString("hex"));
          if (message === null) return { id: activityId(visitor.conversationId, 0) };
          const { seq } = await deps.accept(message, channel);
          return { id: activityId(visitor.conversationId, seq) };
        }),
      );
      scope.get(
        "/conversations/:id/stream",
        { ...hidden, websocket: true },
        (socket: WebSocket, request: FastifyRequest) => {
          const { t = "" } = request.query as { t?: string };
          const visitor = readToken(deps.key, t, deps.now(), "stream");
          if (typeof visitor === "string" || visitor.conversationId !== idIn(request))
            return socket.close(1008, "forbidden");
          void stream(socket, visitor, watermarkOf(request));
        },
      );
    },
    { prefix },
  );

  function opened(visitor: Visitor) {
    return {
      conversationId: visitor.conversationId,
      token: issueToken(deps.key, visitor, deps.now()),
      expires_in: tokenSeconds,
    };
  }

  function streamUrl(visitor: Visitor, watermark: number | null): string {
    const base = deps.publicUrl().replace(/^http/, "ws");
    const query = new URLSearchParams({ t: issueToken(deps.key, visitor, deps.now(), "stream") });
    if (watermark !== null) query.set("watermark", String(watermark));
    return `${base}${prefix}/conversations/${visitor.conversationId}/stream?${query}`;
  }

  async function activitySet({ conversationId, visitorId }: Visitor, after: number) {
    const entries = await deps.timeline(conversationId, after, pageMax);
    return {
      activities: entries.map((entry) => toActivity(conversationId, visitorId, entry)),
      watermark: String(entries.at(-1)?.seq ?? after),
    };
  }

  /** First what came after the watermark, then live; one reader per socket, so nothing is sent twice or out of order. */
  async function stream(socket: WebSocket, visitor: Visitor, watermark: number | null): Promise<void> {
    let after = watermark;
    let reading = false;
    let again = false;
    async function read(): Promise<void> {
      if (reading) {
        again = true;
        return;
      }
      reading = true;
      try {
        after ??= await deps.lastSeq(visitor.conversationId);
        do {
          again = false;
          const set = await activitySet(visitor, after);
          if (set.activities.length === 0) continue;
          after = Number(set.watermark);
          socket.send(JSON.stringify(set));
          again ||= set.activities.length === pageMax;
        } while (again);
      } catch {
        // The client connects again with its watermark and misses nothing.
        socket.close(1013, "try again");
      } finally {
        reading = false;
      }
    }
    const unsubscribe = deps.subscribe(visitor.conversationId, () => void read());
    const timer = setInterval(() => {
      socket.send("");
      void read();
    }, keepAliveMs);
    socket.on("close", () => {
      unsubscribe();
      clearInterval(timer);
    });
    await read();
  }

  async function withVisitor(
    request: FastifyRequest,
    reply: FastifyReply,
    work: (visitor: Visitor) => Promise<unknown>,
  ) {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (bearer === undefined) return fail(reply, 401, "Unauthorized", "Send the token as Authorization: Bearer.");
    const visitor = readToken(deps.key, bearer, deps.now());
    if (visitor === "expired") return fail(reply, 403, "TokenExpired", "The token has expired. Ask for a new one.");
    if (visitor === "invalid") return fail(reply, 403, "BadScope", "The token is not valid.");
    const id = idIn(request);
    // A3: a foreign conversation and a missing one give the same answer.
    if (id !== null && id !== visitor.conversationId)
      return fail(reply, 404, "NotFound", "There is no such conversation.");
    return work(visitor);
  }
}

const hidden = { schema: { hide: true } };

function idIn(request: FastifyRequest): string | null {
  return (request.params as { id?: string }).id ?? null;
}

function watermarkOf(request: FastifyRequest): number | null {
  const { watermark } = request.query as { watermark?: string };
  return watermark !== undefined && /^\d{1,15}$/.test(watermark) ? Number(watermark) : null;
}

function fail(reply: FastifyReply, status: number, code: string, message: string) {
  return reply.status(status).send({ error: { code, message } });
}

function tooMany(reply: FastifyReply) {
  return fail(
    reply.header("retry-after", "30"),
    429,
    "TooManyRequests",
    "That was a lot at once. Wait half a minute and try again.",
  );
}

/** Counts per key and minute; forgets everything at the turn of the minute. */
function limiter(perMinute: number, now: () => number): (key: string) => boolean {
  let minute = 0;
  let counts = new Map<string, number>();
  return (key) => {
    const current = Math.floor(now() / 60_000);
    if (current !== minute) {
      minute = current;
      counts = new Map();
    }
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= perMinute;
  };
}
