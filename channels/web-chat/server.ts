import { randomBytes } from "node:crypto";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import { fileHeaders, type StoredFile } from "../../src/lib/attachment.ts";
import { derivedId, isId } from "../../src/lib/ids.ts";
import { limitKey } from "../../src/lib/limit-key.ts";
import type { MediaPart } from "../../src/lib/message.ts";
import { isTimeZone } from "../../src/lib/zoned-time.ts";
import type { Channel, InboundMessage } from "../channel.ts";
import {
  activityId,
  clientIdOf,
  type PostedActivity,
  type TimelineEntry,
  textMaxChars,
  toActivity,
  toMessage,
} from "./activity.ts";
import {
  type Admitted,
  admit,
  admitSocket,
  admitToFile,
  isRefusal,
  lastSeqFor,
  type Refusal,
  refusals,
  refuse,
} from "./door.ts";
import { type CustomerSide, extraRoutes } from "./extras.ts";
import { joinRoute } from "./join.ts";
import { limiter } from "./limiter.ts";
import { type ReachesVisitors, reachRoutes } from "./reach-routes.ts";
import { createStreams, type HearsTyping, pageMax, type Reading } from "./stream.ts";
import {
  issueFileLink,
  issueToken,
  readPastToken,
  readToken,
  resumeSeconds,
  tokenSeconds,
  type Visitor,
} from "./tokens.ts";
import { type StreamRequest, takeStreamUpgrades } from "./upgrade.ts";
import { createUploadReader, takeStreams, type Upload, UploadRefused } from "./upload.ts";

const prefix = "/v3/directline";
const minuteMs = 60_000;
/** More than any person types, less than a script wants. */
const postsPerMinute = 60;
/** Stock clients say "typing" every three seconds. */
const typingPerMinute = 60;
/** The longest name of a zone has 32. */
const zoneMaxChars = 64;
const uploadsPerMinute = 20;
const tokensPerMinute = 120;
/** Whatever a session asks for: twenty tabs that poll every second, as stock clients without sockets do. */
const requestsPerMinute = 1_200;
/** Tabs of one browser; more is a script. */
const socketsPerSession = 20;

/** A host site's word for who the visitor is, checked. */
export type IdentityCheck =
  | {
      readonly outcome: "verified";
      readonly identity: {
        readonly subject: string;
        readonly name: string | null;
        readonly jti: string;
        readonly expiresAt: Date;
      };
    }
  | { readonly outcome: "refused"; readonly why: string }
  | { readonly outcome: "unavailable" };

/** What a browser's request says about where it is. */
export interface Whereabouts {
  /** Where its clock is, as an IANA name; null: it did not say. */
  readonly timeZone: string | null;
  readonly ip: string;
}

export interface Sessions {
  /** Null when the proof was used before. */
  open(request: {
    readonly address: { readonly channel: string; readonly kind: string; readonly value: string };
    readonly proof: { readonly jti: string; readonly expiresAt: Date; readonly name: string | null } | null;
    readonly from: Whereabouts;
    readonly tokenSeconds: number;
    readonly resumeSeconds: number;
  }): Promise<{ readonly sessionId: string; readonly conversationId: string } | null>;
  extend(sessionId: string, tokenSeconds: number): Promise<boolean>;
  resume(
    sessionId: string,
    seconds: { readonly token: number; readonly resume: number },
    from: Whereabouts,
  ): Promise<boolean>;
  end(sessionId: string): Promise<void>;
  /** The browser of one signed-in session has another now, perhaps of somebody else: what it is told goes along, or ends. */
  goOn(from: string, to: Pick<Visitor, "sessionId" | "conversationId">): Promise<void>;
  /** Adds an earlier, anonymous conversation to the signed-in one's; null when it cannot be joined. */
  join(signedIn: Visitor, earlier: Visitor): Promise<{ readonly messages: number } | null>;
  state(sessionId: string): Promise<"open" | "ended" | "gone">;
  onEnd(sessionId: string, listener: () => void): () => void;
}

export interface Files {
  /** Judges and keeps the files of one message before it is stored. */
  take(
    conversationId: string,
    files: readonly { id: string; name: string; declaredMime: string; bytes: Buffer }[],
  ): Promise<readonly MediaPart[] | "quota">;
  place(ids: readonly string[], at: { readonly conversationId: string; readonly seq: number }): Promise<void>;
  open(conversationId: string, id: string): Promise<StoredFile | null>;
}

export interface WebChatDeps {
  readonly accept: (
    message: InboundMessage,
    channel: Channel,
  ) => Promise<{ readonly seq: number; readonly conversationId: string }>;
  readonly sessions: Sessions;
  readonly files: Files;
  readonly customer: CustomerSide;
  /** An article's question in a language, for the link to it; null when it is not there. */
  readonly articleTitle: (id: string, locale: string) => string | null;
  readonly identify: (token: string, now: Date) => Promise<IdentityCheck>;
  readonly timeline: (conversationId: string, afterSeq: number, limit: number) => Promise<readonly TimelineEntry[]>;
  readonly lastSeq: (conversationId: string) => Promise<number>;
  readonly subscribe: (conversationId: string, onChange: () => void) => () => void;
  /** The visitor is writing; passes by, is never stored. */
  readonly sayTyping: (conversationId: string) => void;
  readonly onTyping: (conversationId: string, listener: HearsTyping) => () => void;
  /** Says that a window of this conversation is open, and whether the customer has it before them. */
  readonly openWindow: (conversationId: string, visible: boolean) => { show(visible: boolean): void; leave(): void };
  readonly reach: ReachesVisitors;
  /** Sites that may use the chat; null: any. */
  readonly origins: readonly string[] | null;
  readonly key: Buffer;
  readonly publicUrl: () => string;
  readonly now: () => number;
}

/** The Direct Line 3.0 server for web chat: a visitor's token opens their own conversation and nothing else (R8). */
export async function directLine(app: FastifyInstance, channel: Channel, given: WebChatDeps): Promise<void> {
  const deps = { ...given, allow: limiter(requestsPerMinute, minuteMs, given.now) };
  await app.register(
    async (scope) => {
      scope.setErrorHandler(inTheirWords);
      allowOrigins(scope, deps);
      tokenRoutes(scope, channel, deps);
      conversationRoutes(scope, channel, deps);
      fileRoutes(scope, deps);
      extraRoutes(scope, deps, (request, reply, work) => withVisitor(deps, request, reply, work));
      reachRoutes(scope, { ...deps, sessionState: deps.sessions.state });
      joinRoute(scope, { ...deps, sessionState: deps.sessions.state, join: deps.sessions.join });
      await scope.register((uploads) => uploadRoute(uploads, channel, deps));
    },
    { prefix },
  );
  streamRoute(app, deps);
}

/** Browsers ask before they send; a site that is not on the list is refused also where they do not ask (sockets). */
function allowOrigins(scope: FastifyInstance, deps: WebChatDeps): void {
  scope.addHook("onRequest", async (request, reply) => {
    const { origin } = request.headers;
    const allowed = origin === undefined || isAllowed(deps, origin, request.headers.host);
    if (!allowed) return refuse(reply, refusals.foreignOrigin);
    void reply
      .header("access-control-allow-origin", deps.origins === null ? "*" : (origin ?? "null"))
      .header("access-control-expose-headers", "Retry-After");
    if (deps.origins !== null) void reply.header("vary", "Origin");
  });
  scope.options("/*", hidden, async (_request, reply) =>
    reply
      .header("access-control-allow-methods", "GET, POST, DELETE, OPTIONS")
      .header(
        "access-control-allow-headers",
        "Authorization, Content-Type, Content-Disposition, x-ms-bot-agent, x-requested-with",
      )
      .header("access-control-max-age", "86400")
      .status(204)
      .send(),
  );
}

function isAllowed(deps: WebChatDeps, origin: string, host: string | undefined): boolean {
  if (deps.origins === null || deps.origins.includes(origin)) return true;
  // Our own pages, under whatever name they were opened.
  return origin === new URL(deps.publicUrl()).origin || (URL.canParse(origin) && new URL(origin).host === host);
}

function tokenRoutes(scope: FastifyInstance, channel: Channel, deps: WebChatDeps): void {
  const tokens = limiter(tokensPerMinute, minuteMs, deps.now);
  const { sessions } = deps;
  scope.post("/tokens/generate", hidden, async (request, reply) => {
    if (!tokens(limitKey(request.ip))) return refuse(reply, refusals.tooMany);
    const { identity, resume, zone, before } = objectIn(request.body);
    const from = { timeZone: typeof zone === "string" && isPlace(zone) ? zone : null, ip: request.ip };
    if (identity !== undefined) return signIn(reply, identity, from, before);
    if (resume !== undefined) return comeBack(reply, resume, from);
    const visitorId = `dl_${randomBytes(16).toString("hex")}`;
    const address = { kind: "web-visitor", value: visitorId } as const;
    return openSession(address, visitorId, null, from);
  });
  scope.post("/tokens/refresh", hidden, (request, reply) =>
    withVisitor(deps, request, reply, async ({ visitor }) => {
      if (!(await sessions.extend(visitor.sessionId, tokenSeconds))) return refuse(reply, refusals.expired);
      return issued(visitor);
    }),
  );
  // Stock Web Chat asks for it with sign-in cards. It opens nothing and is not the id that our tokens carry.
  scope.get("/session/getsessionid", hidden, (request, reply) =>
    withVisitor(deps, request, reply, async ({ visitor }) => ({
      sessionId: derivedId(deps.key, ["direct-line-session", visitor.sessionId]),
    })),
  );
  // Ours, beside the protocol: signing out on a shared computer.
  // A device that slept through the end of its session ends what is left of it.
  scope.post("/tokens/end", hidden, async (request, reply) => {
    const visitor = pastVisitor(/^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1]);
    if (visitor === null) return refuse(reply, refusals.notOurs);
    await sessions.end(visitor.sessionId);
    return {};
  });

  function pastVisitor(token: unknown): Visitor | null {
    return typeof token === "string" ? readPastToken(deps.key, token) : null;
  }

  /** `before` is the token that the same browser had until now, perhaps for long over. */
  async function signIn(reply: FastifyReply, token: unknown, from: Whereabouts, before: unknown) {
    const checked = await deps.identify(typeof token === "string" ? token : "", new Date(deps.now()));
    if (checked.outcome === "unavailable") return refuse(reply, keysAway);
    if (checked.outcome === "refused") return refuse(reply, identityRefused(checked.why));
    const { subject, ...proof } = checked.identity;
    // The same person is the same user for every client, whatever the host site calls them.
    const visitorId = `dl_${derivedId(deps.key, ["account", subject]).replaceAll("-", "")}`;
    const opened = await openSession({ kind: "account", value: subject }, visitorId, proof, from);
    if (opened === null) return refuse(reply, identityRefused("it was used before"));
    const left = pastVisitor(before);
    const now = readPastToken(deps.key, opened.token);
    if (left?.address.kind === "account" && now !== null) await sessions.goOn(left.sessionId, now);
    return { ...opened, signedIn: { name: proof.name } };
  }

  async function comeBack(reply: FastifyReply, key: unknown, from: Whereabouts) {
    const read = readToken(deps.key, typeof key === "string" ? key : "", deps.now(), "resume");
    if (read.outcome !== "valid") return refuse(reply, refusals.expired);
    const seconds = { token: tokenSeconds, resume: resumeSeconds };
    const resumed = await sessions.resume(read.visitor.sessionId, seconds, from);
    return resumed ? { ...issued(read.visitor), ...resumeKey(read.visitor) } : refuse(reply, refusals.expired);
  }

  async function openSession(
    address: Visitor["address"],
    visitorId: string,
    proof: Parameters<Sessions["open"]>[0]["proof"],
    from: Whereabouts,
  ) {
    const opened = await sessions.open({
      address: { channel: channel.name, ...address },
      proof,
      from,
      tokenSeconds,
      // Who signed in signs in again: the host site knows whether they still may.
      resumeSeconds: proof === null ? resumeSeconds : 0,
    });
    if (opened === null) return null;
    const visitor = { ...opened, visitorId, address };
    return { ...issued(visitor), ...(proof === null ? resumeKey(visitor) : {}) };
  }

  function issued(visitor: Visitor) {
    const token = issueToken(deps.key, visitor, deps.now());
    return { conversationId: visitor.conversationId, token, expires_in: tokenSeconds };
  }

  function resumeKey(visitor: Visitor) {
    return { resume: issueToken(deps.key, visitor, deps.now(), "resume") };
  }
}

/** A zone where people live. Browsers that hide where they are say UTC, and a number may know better. */
function isPlace(zone: string): boolean {
  return zone.length <= zoneMaxChars && !/^(?:UTC|GMT|Etc\/)/i.test(zone) && isTimeZone(zone);
}

const keysAway: Refusal = {
  status: 503,
  code: "Unavailable",
  message: "The keys for identity tokens could not be fetched. Try again in a second.",
};

function identityRefused(why: string): Refusal {
  return { status: 403, code: "IdentityRefused", message: `The identity token was refused: ${why}.` };
}

function conversationRoutes(scope: FastifyInstance, channel: Channel, deps: WebChatDeps): void {
  const posts = limiter(postsPerMinute, minuteMs, deps.now);
  const typing = limiter(typingPerMinute, minuteMs, deps.now);
  scope.post("/conversations", hidden, (request, reply) =>
    withVisitor(deps, request, reply, async (admitted) => {
      const isNew = (await deps.lastSeq(admitted.visitor.conversationId)) === 0;
      return reply.status(isNew ? 201 : 200).send(conversation(deps, admitted, 0));
    }),
  );
  scope.get("/conversations/:id", hidden, (request, reply) =>
    withVisitor(deps, request, reply, async (admitted) => conversation(deps, admitted, watermarkOf(request))),
  );
  scope.get("/conversations/:id/activities", hidden, (request, reply) =>
    withVisitor(
      deps,
      request,
      reply,
      async ({ visitor }) => (await readFor(deps, visitor, watermarkOf(request) ?? 0, pageMax)).set,
    ),
  );
  scope.post("/conversations/:id/activities", hidden, (request, reply) =>
    withVisitor(deps, request, reply, async ({ visitor }) => {
      const posted: PostedActivity = objectIn(request.body);
      const { type, text } = posted;
      if (typeof type !== "string")
        return refuse(reply, {
          status: 400,
          code: "MissingProperty",
          message: 'An activity is a JSON object with a "type".',
        });
      if (type === "typing") {
        if (typing(visitor.sessionId)) deps.sayTyping(visitor.conversationId);
        return passing(visitor);
      }
      if (type !== "message") return passing(visitor);
      if (!posts(visitor.sessionId)) return refuse(reply, refusals.tooMany);
      if (typeof text === "string" && text.length > textMaxChars) return refuse(reply, tooLong);
      const { seq } = await deps.accept(toMessage(posted, visitor, randomId()), channel);
      return { id: activityId(visitor.conversationId, seq) };
    }),
  );
}

const tooLong: Refusal = {
  status: 413,
  code: "MessageSizeTooBig",
  message: `A message has at most ${textMaxChars} characters.`,
};

/** Typing, events and updates are taken and leave no trace in the timeline; each still gets an id of its own. */
function passing(visitor: Visitor) {
  return { id: `${visitor.conversationId}|${randomId()}` };
}

async function uploadRoute(scope: FastifyInstance, channel: Channel, deps: WebChatDeps): Promise<void> {
  const uploads = limiter(uploadsPerMinute, minuteMs, deps.now);
  const readUpload = createUploadReader();
  await takeStreams(scope);
  scope.post("/conversations/:id/upload", { ...hidden, config: { slowBody: true } }, (request, reply) =>
    withVisitor(deps, request, reply, async ({ visitor }) => {
      if (!uploads(visitor.sessionId) || !uploads(limitKey(request.ip))) return refuse(reply, refusals.tooMany);
      const { upload, release } = await readUpload(request);
      try {
        return await acceptUpload(reply, visitor, upload);
      } finally {
        release();
      }
    }),
  );

  /** Files first, then the message that names them: a repeated upload finds both and changes nothing. */
  async function acceptUpload(reply: FastifyReply, visitor: Visitor, { activity, files }: Upload) {
    if (typeof activity.text === "string" && activity.text.length > textMaxChars) return refuse(reply, tooLong);
    const clientId = clientIdOf(activity.channelData) ?? randomId();
    const named = files.map((file, index) => ({
      ...file,
      id: derivedId(deps.key, ["file", visitor.conversationId, clientId, index]),
    }));
    const parts = await deps.files.take(visitor.conversationId, named);
    if (parts === "quota") return refuse(reply, noRoom);
    const { attachments: _, ...posted } = activity;
    const stored = await deps.accept(toMessage(posted, visitor, clientId, parts), channel);
    await deps.files.place(
      named.map((file) => file.id),
      stored,
    );
    return { id: activityId(visitor.conversationId, stored.seq) };
  }
}

const noRoom: Refusal = {
  status: 413,
  code: "QuotaExceeded",
  message: "There is no more room for files in this conversation today.",
};

function fileRoutes(scope: FastifyInstance, deps: WebChatDeps): void {
  scope.get("/attachments/:file", hidden, async (request, reply) => {
    const { file: id } = request.params as { file: string };
    const admitted = await admitToFile({ ...deps, sessionState: deps.sessions.state }, request, id);
    if (isRefusal(admitted)) return refuse(reply, admitted);
    const file = isId(id) ? await deps.files.open(admitted.conversationId, id) : null;
    if (file === null) return refuse(reply, refusals.noFile);
    return reply.headers(fileHeaders(file, "cross-origin")).send(file.bytes);
  });
}

/** Listening needs no framework: see `takeStreamUpgrades`. */
function streamRoute(app: FastifyInstance, deps: WebChatDeps): void {
  const open = new Map<string, number>();
  const streams = createStreams({
    ...deps,
    read: (visitor, after, max) => readFor(deps, visitor, after, max),
    state: deps.customer.state,
    onSessionEnd: deps.sessions.onEnd,
  });
  const stop = takeStreamUpgrades(
    app.server,
    (request) => lastSeqFor(deps, request),
    (socket, request) => {
      enter(socket, request).catch(() => socket.close(1013, "try again"));
    },
  );
  app.addHook("preClose", async () => {
    streams.close();
    stop();
  });

  async function enter(socket: WebSocket, request: StreamRequest): Promise<void> {
    // A client that goes away in the middle of a frame is an error event that nobody else would hear.
    socket.on("error", () => undefined);
    const { origin, host, query } = request;
    if (origin !== undefined && !isAllowed(deps, origin, host)) return socket.close(1008, "forbidden");
    const saysWhatItIs = query.get("state") === "1";
    // Who says what it is may come back behind other windows; a stock client says nothing, and counts as looked at.
    let visible = !saysWhatItIs;
    let window: ReturnType<WebChatDeps["openWindow"]> | null = null;
    // Heard from the first frame on: it may be here before we know whether this visitor may listen.
    socket.on("message", (data) => {
      visible = visibilityIn(String(data)) ?? visible;
      window?.show(visible);
    });
    const visitor = await admitSocket({ ...deps, sessionState: deps.sessions.state }, request);
    if (isRefusal(visitor)) return socket.close(1008, "forbidden");
    if (socket.readyState !== socket.OPEN) return;
    const { sessionId } = visitor;
    const count = (open.get(sessionId) ?? 0) + 1;
    if (count > socketsPerSession) return socket.close(1008, "too many");
    open.set(sessionId, count);
    const entered = deps.openWindow(visitor.conversationId, visible);
    window = entered;
    socket.on("close", () => {
      entered.leave();
      const left = (open.get(sessionId) ?? 1) - 1;
      if (left > 0) open.set(sessionId, left);
      else open.delete(sessionId);
    });
    // Only for those who ask: stock clients have no use for it.
    const from = startOf(watermarkIn(query.get("watermark")), request.lastSeq);
    streams.open(socket, visitor, from, saysWhatItIs);
  }
}

/** Null: from what is there when it is looked at first. A watermark from the future would hide what comes next. */
function startOf(watermark: number | null, lastSeq: number | null): number | null {
  return watermark === null || lastSeq === null ? (watermark ?? lastSeq) : Math.min(watermark, lastSeq);
}

/** Our own clients say whether their page is before the customer; stock clients send empty frames. */
function visibilityIn(frame: string): boolean | null {
  if (frame === '{"visible":true}') return true;
  return frame === '{"visible":false}' ? false : null;
}

/** The conversation as clients open it: with the token that they have, and where to listen. */
function conversation(deps: WebChatDeps, { visitor, token, secondsLeft }: Admitted, watermark: number | null) {
  const { conversationId } = visitor;
  const query = new URLSearchParams({ t: issueToken(deps.key, visitor, deps.now(), "stream") });
  if (watermark !== null) query.set("watermark", String(watermark));
  const base = deps.publicUrl().replace(/^http/, "ws");
  const streamUrl = `${base}${prefix}/conversations/${conversationId}/stream?${query}`;
  return { conversationId, token, expires_in: secondsLeft, streamUrl };
}

async function readFor(deps: WebChatDeps, visitor: Visitor, after: number, max: number): Promise<Reading> {
  const entries = await deps.timeline(visitor.conversationId, after, max);
  const linkTo = (id: string): string =>
    `${deps.publicUrl()}${prefix}/attachments/${id}?t=${issueFileLink(deps.key, visitor, id, deps.now())}`;
  return {
    set: {
      activities: entries.map((entry) => toActivity(visitor, entry, linkTo, deps.articleTitle)),
      watermark: String(entries.at(-1)?.seq ?? after),
    },
    unfinished: entries.filter(({ parts }) => parts.some(isPending)).map(({ seq }) => seq),
  };
}

const isPending = (part: TimelineEntry["parts"][number]): boolean => part.t === "media" && part.state === "pending";

async function withVisitor(
  deps: WebChatDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (admitted: Admitted) => Promise<unknown>,
) {
  const admitted = await admit({ ...deps, sessionState: deps.sessions.state }, request);
  return isRefusal(admitted) ? refuse(reply, admitted) : work(admitted);
}

/** What clients did wrong is said in Direct Line's shape and codes; everything else is the service's own business. */
function inTheirWords(error: FastifyError, _request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof UploadRefused) {
    // The rest of a body that is too big is not read.
    return refuse(reply.header("connection", "close"), error);
  }
  const status = error.statusCode ?? 500;
  if (status === 413)
    return refuse(reply.header("connection", "close"), {
      status,
      code: "MessageSizeTooBig",
      message: "That is more than one message may carry.",
    });
  // The visitor's line broke in the middle of a body; nobody reads this answer.
  if ((status >= 400 && status < 500) || error.code === "ECONNRESET")
    return refuse(reply, { status: 400, code: "BadArgument", message: "The request could not be read." });
  throw error;
}

const hidden = { schema: { hide: true } };

function objectIn(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}

function randomId(): string {
  return randomBytes(16).toString("hex");
}

/** Null: only what comes from now on. An empty one is that of a client that lost its socket before it saw anything. */
function watermarkOf(request: FastifyRequest): number | null {
  return watermarkIn((request.query as { watermark?: unknown }).watermark);
}

function watermarkIn(watermark: unknown): number | null {
  if (watermark === "") return 0;
  return typeof watermark === "string" && /^\d{1,15}$/.test(watermark) ? Number(watermark) : null;
}
