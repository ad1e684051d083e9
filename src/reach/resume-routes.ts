import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Db } from "../db/client.ts";
import type { RenderPage } from "../help-centre/page.ts";
import { limitKey } from "../lib/limit-key.ts";
import { isFromOurPage } from "../lib/our-page.ts";
import { lookBehindLink, type ResumedSession, resumeByLink } from "./resume-links.ts";
import { resumePage } from "./resume-page.ts";

/** From one address; a link is opened a few times by its reader and their link scanner. */
const perAddressAndMinute = 60;
/** Addresses remembered at once; the least recently seen are forgotten. */
const remembered = 10_000;
const bodyMaxBytes = 1_024;

export interface ResumeDeps {
  readonly db: Db;
  readonly company: () => string;
  /** Where the company's customers sign in; null: nowhere to link to. */
  readonly signInUrl: string | null;
  readonly renderPage: RenderPage;
  readonly publicUrl: () => string;
  /** Lifetimes of what the web chat issues. */
  readonly seconds: { readonly token: number; readonly resume: number };
  /** The key with which a browser takes the session over (web chat's own). */
  readonly issueResumeKey: (session: ResumedSession) => string;
}

/**
 * `/resume/<token>`, sent to the number that a customer left. GET says what is being resumed and changes nothing, because
 * link scanners open every link; the customer's own POST uses the link up and hands their browser the conversation.
 */
export async function resumeRoutes(app: FastifyInstance, deps: ResumeDeps): Promise<void> {
  await app.register(async (scope) => {
    // The form has no fields; its body is read past.
    scope.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: bodyMaxBytes },
      (_request, _body, done) => done(null, {}),
    );
    await scope.register(rateLimit, { global: false, cache: remembered, keyGenerator: ({ ip }) => limitKey(ip) });
    const perAddress = scope.createRateLimit({ max: perAddressAndMinute, timeWindow: 60_000 });
    scope.addHook("onRequest", async (request, reply) => {
      void reply.headers({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
      const counted = await perAddress(request);
      if (counted.isAllowed || !counted.isExceeded) return undefined;
      void reply.header("retry-after", String(counted.ttlInSeconds));
      // The error handler says it in the reader's language.
      throw Object.assign(new Error("Too many tries. Wait a minute, then try again."), { statusCode: 429 });
    });
    scope.get("/resume/:token", hidden, async (request, reply) => {
      const found = await lookBehindLink(deps.db, tokenIn(request));
      return show(deps, request, reply, found);
    });
    scope.post("/resume/:token", hidden, async (request, reply) => {
      if (!isFromOurPage(deps.publicUrl(), request))
        return show(deps, request, reply, await lookBehindLink(deps.db, tokenIn(request)), true);
      const session = await resumeByLink(deps.db, tokenIn(request), deps.seconds);
      // Signing in may still be the way; the page says so.
      if (session === null) return show(deps, request, reply, await lookBehindLink(deps.db, tokenIn(request)));
      // After the hash sign: browsers send it to nobody, and the chat takes it out of the address at once.
      return reply.redirect(`/?chat=open#resume=${deps.issueResumeKey(session)}`, 303);
    });
  });
}

const hidden = { schema: { hide: true } };

function show(
  deps: ResumeDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  found: Awaited<ReturnType<typeof lookBehindLink>>,
  foreign = false,
) {
  const wish = request.headers["accept-language"] ?? "en";
  return reply
    .status(foreign ? 403 : found === null ? 410 : 200)
    .type("text/html; charset=utf-8")
    .send(deps.renderPage(resumePage({ company: deps.company(), signInUrl: deps.signInUrl, found, wish, foreign })));
}

function tokenIn(request: FastifyRequest): string {
  return (request.params as { token: string }).token;
}
