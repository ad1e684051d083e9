import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { WebSocket } from "ws";
import { z } from "zod";
import type { Channel } from "../../channels/channel.ts";
import { type Agent, agentOf, createAgent, signIn, signOut, useSetupLink } from "../agents/sessions.ts";
import {
  changeConversation,
  conversationForAgent,
  conversationsForAgent,
  timelineForAgent,
  views,
} from "../conversations/for-agent.ts";
import type { Db } from "../db/client.ts";
import { fileHeaders, type StoredFile } from "../lib/attachment.ts";
import { isId } from "../lib/ids.ts";
import { readFeed } from "../live/feed.ts";
import type { LiveHub } from "../live/hub.ts";
import { writeAgentMessage } from "./write-message.ts";

const cookieName = "everline_session";
/** Guesses at one password from one address. */
const signInPerMinute = 20;
const textMaxChars = 10_000;
/** safety.md: open sockets end within 5 s when the session does. */
const sessionCheckMs = 4_000;

export interface InboxDeps {
  readonly db: Db;
  readonly live: LiveHub;
  readonly ring: (conversationId: string) => void;
  readonly channelFor: (channel: string, account: string) => Channel | null;
  readonly publicUrl: () => string;
  /** A file that may be handed to an agent; null for one that is missing, blocked or not fetched yet. */
  readonly file: (id: string) => Promise<StoredFile | null>;
}

/** The agents' API below /api/v1: who is signed in is checked on every route, socket included (A1, A2). */
export async function inboxApi(app: FastifyInstance, deps: InboxDeps): Promise<void> {
  await app.register(
    async (scope) => {
      const routes = scope.withTypeProvider<ZodTypeProvider>();
      scope.addHook("onRequest", async (request, reply) => {
        if (request.method !== "GET" && !fromOurPages(request, deps))
          return refuse(reply, 403, "ForeignOrigin", "This request came from another site.");
      });
      sessionRoutes(routes, deps);
      await scope.register(async (signedIn) => {
        signedIn.addHook("onRequest", async (request, reply) => {
          const agent = await agentOf(deps.db, tokenOf(request));
          if (agent === null) return refuse(reply, 401, "SignInNeeded", "Sign in with POST /api/v1/session first.");
          agents.set(request, agent);
        });
        conversationRoutes(signedIn.withTypeProvider<ZodTypeProvider>(), deps);
        liveRoute(signedIn, deps);
      });
    },
    { prefix: "/api/v1" },
  );
}

const agents = new WeakMap<FastifyRequest, Agent>();

function agentIn(request: FastifyRequest): Agent {
  const agent = agents.get(request);
  if (agent === undefined) throw new Error("A route ran without its sign-in check.");
  return agent;
}

function sessionRoutes(scope: FastifyInstance, deps: InboxDeps): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const tries = new Map<string, { count: number; until: number }>();
  routes.post(
    "/session",
    { schema: { summary: "Sign in", body: z.object({ email: z.string().max(320), password: z.string().max(1_000) }) } },
    async (request, reply) => {
      const now = Date.now();
      const known = tries.get(request.ip);
      const tried = known === undefined || known.until < now ? { count: 0, until: now + 60_000 } : known;
      tried.count += 1;
      tries.set(request.ip, tried);
      if (tried.count > signInPerMinute) {
        void reply.header("retry-after", "60");
        return refuse(reply, 429, "TooManyTries", "Too many tries. Wait a minute.");
      }
      const session = await signIn(deps.db, request.body.email, request.body.password);
      if (session === null) return refuse(reply, 401, "WrongPassword", "The address or the password is wrong.");
      tries.delete(request.ip);
      return setCookie(reply, deps, session.token).send({ agent: session.agent, token: session.token });
    },
  );
  routes.delete("/session", { schema: { summary: "Sign out" } }, async (request, reply) => {
    await signOut(deps.db, tokenOf(request));
    return reply.clearCookie(cookieName, { path: "/" }).status(204).send();
  });
  routes.post(
    "/setup",
    {
      schema: {
        summary: "Create the first administrator with the one-time link",
        body: z.object({
          token: z.string().min(1).max(200),
          email: z.email(),
          name: z.string().trim().min(1).max(100),
          password: z.string().min(10).max(1_000),
        }),
      },
    },
    async (request, reply) => {
      const token = await useSetupLink(deps.db, request.body.token, request.body);
      if (token === null)
        return refuse(reply, 410, "LinkUsed", "This link was used or has expired. Start Everline again for a new one.");
      return setCookie(reply, deps, token).send({ token });
    },
  );
}

const conversationParams = z.object({ id: z.string().max(64) });

function conversationRoutes(scope: FastifyInstance, deps: InboxDeps): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  routes.get("/session", { schema: { summary: "Who is signed in" } }, async (request) => ({ agent: agentIn(request) }));
  routes.get(
    "/conversations",
    {
      schema: {
        summary: "List conversations, newest activity first",
        querystring: z.object({ view: z.enum(views).default("open"), cursor: z.string().max(300).optional() }),
      },
    },
    (request) => conversationsForAgent(deps.db, agentIn(request).id, request.query.view, request.query.cursor ?? null),
  );
  routes.get(
    "/conversations/:id",
    { schema: { summary: "One conversation", params: conversationParams } },
    async (request, reply) => {
      const found = isId(request.params.id) ? await conversationForAgent(deps.db, request.params.id) : null;
      return found ?? notFound(reply);
    },
  );
  routes.get(
    "/conversations/:id/events",
    {
      schema: {
        summary: "The timeline after a seq",
        params: conversationParams,
        querystring: z.object({ after: z.coerce.number().int().min(0).default(0) }),
      },
    },
    async (request, reply) => {
      const found = isId(request.params.id) ? await conversationForAgent(deps.db, request.params.id) : null;
      if (found === null) return notFound(reply);
      return { events: await timelineForAgent(deps.db, found.id, request.query.after), lastSeq: found.lastSeq };
    },
  );
  routes.post(
    "/conversations/:id/messages",
    {
      schema: {
        summary: "Answer the customer, or leave a note; idempotent by clientId",
        params: conversationParams,
        body: z.object({
          clientId: z.string().min(1).max(100),
          kind: z.enum(["reply", "note"]),
          text: z.string().trim().min(1).max(textMaxChars),
          fence: z.number().int().optional(),
          afterSeq: z.number().int().min(0).optional(),
        }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const result = isId(id)
        ? await writeAgentMessage(deps, id, agentIn(request).id, request.body)
        : ({ outcome: "not-found" } as const);
      if (result.outcome === "written") {
        deps.live.publish(id);
        if (result.deliveries > 0) deps.ring(id);
        return { id: result.messageId, seq: result.seq };
      }
      if (result.outcome === "newer") {
        const words = `${result.newer} newer ${result.newer === 1 ? "message" : "messages"}: send anyway?`;
        return reply
          .status(409)
          .send({ error: { code: "NewerMessages", message: words }, newer: result.newer, lastSeq: result.lastSeq });
      }
      return refuseWrite(reply, result.outcome);
    },
  );
  for (const change of ["claim", "release", "resolve", "reopen"] as const) {
    routes.post(
      `/conversations/:id/${change}`,
      {
        schema: { summary: `${change[0]?.toUpperCase()}${change.slice(1)} a conversation`, params: conversationParams },
      },
      async (request, reply) =>
        afterChange(
          reply,
          deps,
          request.params.id,
          isId(request.params.id)
            ? await changeConversation(deps.db, request.params.id, agentIn(request).id, change)
            : null,
        ),
    );
  }
  routes.post(
    "/conversations/:id/assign",
    {
      schema: {
        summary: "Give a conversation to an agent",
        params: conversationParams,
        body: z.object({ agentId: z.uuid() }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const [known] = await deps.db.run(
        (sql) => sql`select 1 from agents where id = ${request.body.agentId} and disabled_at is null`,
      );
      if (known === undefined) return refuse(reply, 404, "NotFound", "There is no such agent.");
      const result = isId(id)
        ? await changeConversation(deps.db, id, agentIn(request).id, "assign", { assignTo: request.body.agentId })
        : null;
      return afterChange(reply, deps, id, result);
    },
  );
  routes.post(
    "/conversations/:id/snooze",
    {
      schema: {
        summary: "Put a conversation aside until a time or the next message",
        params: conversationParams,
        body: z.object({ until: z.iso.datetime() }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const result = isId(id)
        ? await changeConversation(deps.db, id, agentIn(request).id, "snooze", { until: new Date(request.body.until) })
        : null;
      return afterChange(reply, deps, id, result);
    },
  );
  routes.get(
    "/attachments/:id",
    { schema: { summary: "A customer's file, to be saved; pictures may be shown", params: conversationParams } },
    async (request, reply) => {
      const file = isId(request.params.id) ? await deps.file(request.params.id) : null;
      if (file === null) return refuse(reply, 404, "NotFound", "There is no such file.");
      return reply.headers(fileHeaders(file, "same-origin")).send(file.bytes);
    },
  );
  routes.get("/callbacks", { schema: { summary: "Callbacks that were asked for" } }, async () => ({
    callbacks: await deps.db.run(
      (
        sql,
      ) => sql`select id, conversation_id as "conversationId", state, phone, wish, wanted_at as "wantedAt", locale, source, created_at as "createdAt"
        from callbacks order by created_at desc limit 200`,
    ),
  }));
  routes.get("/agents", { schema: { summary: "The agents" } }, async () => ({
    agents: await deps.db.run(
      (sql) => sql`select id, name, email, role from agents where disabled_at is null order by name`,
    ),
  }));
  routes.post(
    "/agents",
    {
      schema: {
        summary: "Add an agent (administrators)",
        body: z.object({
          email: z.email(),
          name: z.string().trim().min(1).max(100),
          role: z.enum(["agent", "admin"]).default("agent"),
          password: z.string().min(10).max(1_000),
        }),
      },
    },
    async (request, reply) => {
      if (agentIn(request).role !== "admin")
        return refuse(reply, 403, "AdministratorsOnly", "Ask an administrator to do this.");
      const agent = await createAgent(deps.db, request.body);
      return agent === null
        ? refuse(reply, 409, "Exists", "There is an agent with this address already.")
        : reply.status(201).send({ agent });
    },
  );
}

/** WS /live?after=position: first where we are, then everything since, then what happens; only ids, no content. */
function liveRoute(scope: FastifyInstance, deps: InboxDeps): void {
  scope.get("/live", { websocket: true, schema: { hide: true } }, (socket: WebSocket, request) => {
    const after = (request.query as { after?: string }).after;
    let position = after !== undefined && /^\d{1,20}$/.test(after) ? after : null;
    let reading: Promise<void> | null = null;
    let again = false;
    const token = tokenOf(request);

    async function read(): Promise<void> {
      do {
        again = false;
        const page = await readFeed(deps.db, position);
        const news = page.events.length > 0 || position === null;
        position = page.position;
        if (news) socket.send(JSON.stringify(page));
      } while (again);
    }
    const wake = (): void => {
      if (reading !== null) {
        again = true;
        return;
      }
      reading = read()
        .catch(() => socket.close(1013, "try again"))
        .finally(() => {
          reading = null;
        });
    };
    const unsubscribe = deps.live.subscribeAll(wake);
    // Also without a bell: a transaction that was still open at the last look has ended by now.
    const timer = setInterval(() => {
      wake();
      agentOf(deps.db, token).then(
        (agent) => agent === null && socket.close(4401, "signed out"),
        () => undefined,
      );
    }, sessionCheckMs);
    socket.on("close", () => {
      unsubscribe();
      clearInterval(timer);
    });
    wake();
  });
}

function afterChange(reply: FastifyReply, deps: InboxDeps, id: string, result: "done" | "taken" | null) {
  if (result === null) return notFound(reply);
  if (result === "taken") return refuse(reply, 409, "Taken", "Another agent has this conversation.");
  deps.live.publish(id);
  return reply.send({ status: "done" });
}

const writeRefusals = {
  "not-owner": [409, "NotOwner", "Another agent has this conversation, or it changed hands. Load it again."],
  "not-found": [404, "NotFound", "There is no such conversation."],
  "opted-out": [409, "OptedOut", "The customer opted out on this channel (STOP). Nothing is sent there any more."],
  "window-closed": [
    409,
    "WindowClosed",
    "The time in which this channel lets us write freely is over. The customer must write first.",
  ],
} as const;

function refuseWrite(reply: FastifyReply, outcome: keyof typeof writeRefusals) {
  const [status, code, message] = writeRefusals[outcome];
  return refuse(reply, status, code, message);
}

function notFound(reply: FastifyReply) {
  return refuse(reply, 404, "NotFound", "There is no such conversation.");
}

function refuse(reply: FastifyReply, status: number, code: string, message: string) {
  return reply.status(status).send({ error: { code, message } });
}

function setCookie(reply: FastifyReply, deps: InboxDeps, token: string): FastifyReply {
  const secure = deps.publicUrl().startsWith("https:");
  return reply.setCookie(cookieName, token, { path: "/", httpOnly: true, sameSite: "lax", secure });
}

function tokenOf(request: FastifyRequest): string {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "");
  return bearer?.[1] ?? request.cookies[cookieName] ?? "";
}

/** A7: with a cookie, an unsafe request must come from a page of ours; programs with a bearer token have no Origin. */
function fromOurPages(request: FastifyRequest, deps: InboxDeps): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  return origin === new URL(deps.publicUrl()).origin || new URL(origin).host === request.headers.host;
}
