import cookie from "@fastify/cookie";
import swagger from "@fastify/swagger";
import websocket from "@fastify/websocket";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import helmet from "helmet";
import type { Log } from "../lib/log.ts";
import type { TrustedProxies } from "../lib/trusted-proxies.ts";
import { within } from "../lib/within.ts";

/** A provider's or browser's JSON is far below this; attachments have their own limit where they are uploaded. */
const bodyMaxBytes = 256 * 1024;
/** A file on a slow line takes its time; every other body comes within `bodyWithinMs`. */
const requestTimeoutMs = 120_000;
const bodyWithinMs = 15_000;
/** A stopping service lets the requests that it has taken end for so long; new ones get 503 and try elsewhere. */
const drainMs = 5_000;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Bodies may come slowly: files. */
    slowBody?: boolean;
    /** False: a provider reads the answers, and security headers say nothing to it. */
    readByBrowsers?: boolean;
  }
}

/** The HTTP server with what every route shares: limits, errors in words, security headers, OpenAPI. Does not listen. */
export async function createApp(deps: {
  readonly log: Log;
  readonly version: string;
  readonly trustProxy: TrustedProxies | null;
  /** What a person who opened a page sees instead of JSON; it must need nothing that can be away. */
  readonly problemPage?: (problem: Problem, request: FastifyRequest) => string;
}): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    // Every limit per address counts `request.ip`; behind a proxy that is the proxy's own unless it is named here.
    trustProxy: believed(deps.trustProxy),
    bodyLimit: bodyMaxBytes,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: true,
  });
  endRequestsFirst(app);
  app.addHook("onRequest", async (request) => {
    if (request.method === "GET" || request.routeOptions.config.slowBody === true) return;
    const timer = setTimeout(() => request.raw.complete || request.raw.destroy(), bodyWithinMs);
    request.raw.once("close", () => clearTimeout(timer));
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, code, message } = describe(error);
    const fields = { route: request.routeOptions.url ?? "none", method: request.method, status, code };
    if (status >= 500) deps.log.error({ ...fields, error }, "request-failed");
    else deps.log.info(fields, "request-refused");
    if (status === 503) void reply.header("retry-after", "1");
    const problem = status === 429 ? "too-many" : status >= 500 ? "failed" : "missing";
    return refuse(request, reply.status(status), { code, message, problem });
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(request, reply.status(404), {
      code: "NotFound",
      message: "There is nothing at this address.",
      problem: "missing",
    }),
  );
  function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    { code, message, problem }: { code: string; message: string; problem: Problem },
  ): FastifyReply {
    const page = opensAsPage(request) ? deps.problemPage?.(problem, request) : undefined;
    if (page === undefined) return reply.send({ error: { code, message } });
    return reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(page);
  }
  // Made once: they are the same for everybody.
  const secure = helmet({
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:", "blob:"],
        mediaSrc: ["'self'", "blob:"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
        frameSrc: ["'self'"],
        baseUri: ["'none'"],
        upgradeInsecureRequests: null,
      },
    },
    // Other sites learn nothing; without any, a browser would say "null" for the origin of our own forms (A7).
    referrerPolicy: { policy: "same-origin" },
    crossOriginResourcePolicy: { policy: "cross-origin" },
    strictTransportSecurity: false,
  });
  app.addHook("onRequest", (request, reply, done) => {
    if (request.routeOptions.config.readByBrowsers === false) done();
    else secure(request.raw, reply.raw, (error) => done(error as Error | undefined));
  });
  await app.register(cookie);
  await app.register(websocket, { options: { maxPayload: 64 * 1024 } });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Everline",
        version: deps.version,
        description:
          "The agents' and operators' API. Sign in with POST /api/v1/session; the cookie or its value as a bearer token opens the rest.",
      },
      components: {
        securitySchemes: {
          cookie: { type: "apiKey", in: "cookie", name: "everline_session" },
          bearer: { type: "http", scheme: "bearer" },
        },
      },
      // Routes that open without say so themselves.
      security: [{ cookie: [] }, { bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  return app;
}

/** A deploy cuts no webhook whose message is being stored. Streams, which have no end of their own, are not waited for. */
function endRequestsFirst(app: FastifyInstance): void {
  const open = new Set<FastifyReply>();
  let ended: (() => void) | null = null;
  app.addHook("onRequest", (_request, reply, done) => {
    open.add(reply);
    reply.raw.once("close", () => {
      open.delete(reply);
      ended?.();
    });
    done();
  });
  app.addHook("preClose", async () => {
    const isStream = ({ sent, raw }: FastifyReply) => sent && !raw.writableEnded;
    const allEnded = new Promise<void>((done) => {
      ended = () => [...open].every(isStream) && done();
      ended();
    });
    await within(allEnded, drainMs).catch(() => undefined);
  });
}

/** In Fastify's form. It ignores a bare number, because a caller who reaches us past the proxies could forge the rest. */
function believed(proxies: TrustedProxies | null): false | string[] | ((address: string, hop: number) => boolean) {
  if (proxies === null) return false;
  return typeof proxies === "number" ? (_address, hop) => hop < proxies : [...proxies];
}

export type Problem = "missing" | "failed" | "too-many";

/** A browser that goes to an address, not a script or a provider that asks for data. */
function opensAsPage({ headers, url }: FastifyRequest): boolean {
  return !/^\/(api|v3|channels)\//.test(url) && (headers.accept ?? "").includes("text/html");
}

const unavailable = new Set(["DatabaseUnavailable", "TooBusy", "TooSlow"]);

function describe(error: FastifyError): { status: number; code: string; message: string } {
  if (unavailable.has(error.name)) {
    return {
      status: 503,
      code: "Unavailable",
      message: "The service cannot store this right now. Nothing was taken; try again in a second.",
    };
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) return { status: 500, code: "Internal", message: "Something broke on our side; it was logged." };
  return { status, code: error.code ?? "BadRequest", message: error.message };
}
