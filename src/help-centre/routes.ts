import { readFileSync } from "node:fs";
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Db } from "../db/client.ts";
import { textOn } from "../lib/colour.ts";
import { isId } from "../lib/ids.ts";
import { limitKey } from "../lib/limit-key.ts";
import { publicPictureHeaders } from "../lib/public-picture.ts";
import { articlePage } from "./article-page.ts";
import { aboutTopic } from "./articles.ts";
import { chooseLocale } from "./choose-locale.ts";
import { noteFeedback } from "./feedback.ts";
import { homePage } from "./home-page.ts";
import type { Library, Shelf } from "./library.ts";
import { logoPath, readLogo } from "./logos.ts";
import type { Page, RenderPage } from "./page.ts";
import { articlePath, queryMaxChars } from "./pieces.ts";
import { problemPage } from "./problem-page.ts";
import { createSearch } from "./search.ts";
import { searchPage } from "./search-page.ts";
import { sendText } from "./send-page.ts";
import { sitemap } from "./sitemap.ts";
import { stylesheetFor } from "./stylesheet.ts";

const suggestionsMax = 6;
/** Answers to "did that help?" from one address: more than a reader gives, far fewer than a machine. */
const feedbackPerMinute = 30;
/** One who looks for suggestions types ten letters a second at most. */
const suggestPerMinute = 600;
const yearSeconds = 31_536_000;
const script = readFileSync(new URL("../../web/help/help.js", import.meta.url), "utf8");

export interface HelpCentreDeps {
  readonly db: Db;
  readonly library: Library;
  readonly renderPage: RenderPage;
  /** The assistant's best articles for a question, where words alone find nothing. */
  readonly understand: (query: string, locale: string) => Promise<readonly string[]>;
  readonly publicUrl: () => string;
  readonly key: Buffer;
}

/** The customers' pages: rendered here, complete without script, cached by ETag. */
export async function helpCentreRoutes(app: FastifyInstance, deps: HelpCentreDeps): Promise<void> {
  const { library } = deps;
  const search = createSearch(library.current);
  const send = (request: FastifyRequest, reply: FastifyReply, page: Page) =>
    sendText(request, reply, deps.renderPage(page));
  const get = (path: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>) =>
    app.get(path, { schema: { hide: true } }, handler);
  const missing = (request: FastifyRequest, reply: FastifyReply, locale: string) =>
    send(request, reply.status(404), problemPage(locale, "missing", request.url));

  await app.register(rateLimit, { global: false, keyGenerator: ({ ip }) => limitKey(ip) });
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );

  get("/", async (request, reply) => {
    const shelf = library.current();
    void reply.header("vary", "Accept-Language");
    return send(request, reply, homePage(shelf, wishedLocale(shelf, request), deps.publicUrl()));
  });
  get("/help", async (request, reply) =>
    reply.header("vary", "Accept-Language").redirect(`/help/${wishedLocale(library.current(), request)}`, 302),
  );
  get("/help/:locale", async (request, reply) => {
    const shelf = library.current();
    const locale = localeIn(shelf, request);
    if (locale === null) return missing(request, reply, wishedLocale(shelf, request));
    const query = queryIn(request);
    if (query === "") return send(request, reply, homePage(shelf, locale, deps.publicUrl()));
    const found = search(locale, query);
    const results = found.length > 0 ? found : await deps.understand(query, locale);
    return send(request, reply, searchPage(shelf, locale, query, results));
  });
  app.get(
    "/help/:locale/suggest",
    { schema: { hide: true }, config: { rateLimit: { max: suggestPerMinute, timeWindow: 60_000 } } },
    async (request, reply) => {
      const shelf = library.current();
      const locale = localeIn(shelf, request);
      const found = locale === null ? [] : search(locale, queryIn(request), suggestionsMax);
      const suggestions = found.flatMap((id) => {
        const article = shelf.byId.get(id)?.translations[locale ?? ""];
        return article === undefined ? [] : [{ question: article.question, url: articlePath(locale ?? "", id) }];
      });
      return sendText(request, reply, JSON.stringify({ suggestions }), "application/json; charset=utf-8");
    },
  );
  get("/help/:locale/:id", async (request, reply) => {
    const shelf = library.current();
    const locale = localeIn(shelf, request);
    const article = shelf.byId.get(params(request).id ?? "");
    if (locale === null || article === undefined)
      return missing(request, reply, locale ?? wishedLocale(shelf, request));
    const question = article.translations[locale]?.question ?? "";
    const related = article.topic === aboutTopic ? [] : search(locale, question);
    const { helped } = request.query as { helped?: unknown };
    const page = articlePage({
      shelf,
      locale,
      article,
      related,
      publicUrl: deps.publicUrl(),
      helped: helped === "yes" || helped === "no" ? helped : null,
    });
    return page === null ? missing(request, reply, locale) : send(request, reply, page);
  });
  app.post(
    "/help/:locale/:id/feedback",
    {
      schema: { hide: true },
      config: {
        rateLimit: {
          max: feedbackPerMinute,
          timeWindow: 60_000,
          // The error handler says it in the reader's language.
          errorResponseBuilder: () => Object.assign(new Error("Too many answers."), { statusCode: 429 }),
        },
      },
    },
    async (request, reply) => {
      const shelf = library.current();
      const locale = localeIn(shelf, request);
      const { id = "" } = params(request);
      const helped = z.object({ helped: z.enum(["yes", "no"]) }).safeParse(request.body);
      const ours = isOurPage(request, deps.publicUrl());
      if (locale === null || !shelf.byId.has(id) || !helped.success || !ours)
        return missing(request, reply, locale ?? wishedLocale(shelf, request));
      const answer = helped.data.helped;
      await noteFeedback(deps, { articleId: id, locale, helped: answer === "yes", address: limitKey(request.ip) });
      return reply.redirect(`${articlePath(locale, id)}?helped=${answer}#feedback`, 303);
    },
  );
  get("/help/logo/:id", async (request, reply) => {
    const { id = "" } = params(request);
    const logo = isId(id) ? await readLogo(deps.db, id) : null;
    if (logo === null) return missing(request, reply, wishedLocale(library.current(), request));
    return reply.headers(publicPictureHeaders).type(logo.mime).send(logo.bytes);
  });
  get("/widget/settings.json", async (request, reply) => {
    const { company, brand, locales, topics } = library.current();
    const { colour, logo } = brand;
    const settings = { company, colour, textColour: textOn(colour), logo: logoPath(logo), locales, topics };
    // The widget asks from the company's own pages; there is nothing in here that customers do not see anyway.
    void reply.header("access-control-allow-origin", "*");
    return sendText(request, reply, JSON.stringify(settings), "application/json; charset=utf-8");
  });
  get("/help.css", async (request, reply) => {
    const { path, css } = stylesheetFor(library.current().brand.colour);
    const lasting = request.url === path ? `public, max-age=${yearSeconds}, immutable` : "no-cache";
    return sendText(request, reply.header("cache-control", lasting), css, "text/css; charset=utf-8");
  });
  get("/help.js", (request, reply) => sendText(request, reply, script, "text/javascript; charset=utf-8"));
  get("/sitemap.xml", (request, reply) =>
    sendText(request, reply, sitemap(library.current(), deps.publicUrl()), "application/xml; charset=utf-8"),
  );
  get("/robots.txt", (request, reply) =>
    sendText(
      request,
      reply,
      `User-agent: *\nDisallow: /inbox\nDisallow: /api/\nDisallow: /v3/\nDisallow: /simulator\nSitemap: ${deps.publicUrl()}/sitemap.xml\n`,
      "text/plain; charset=utf-8",
    ),
  );
}

/** The reader's language by `?lang=`, the path, or the browser. */
export function wishedLocale({ locales }: Shelf, request: FastifyRequest): string {
  const { lang } = request.query as { lang?: unknown };
  const inPath = /^\/help\/([a-z]{2,3})(?:[/?]|$)/.exec(request.url)?.[1];
  const accepted = request.headers["accept-language"];
  return chooseLocale(locales, { lang: typeof lang === "string" ? lang : inPath, accepted });
}

function params(request: FastifyRequest): { readonly locale?: string; readonly id?: string } {
  return request.params as { locale?: string; id?: string };
}

/** The language in the path when it is one of the menu. */
function localeIn({ locales }: Shelf, request: FastifyRequest): string | null {
  const { locale } = params(request);
  return locale !== undefined && locales.includes(locale) ? locale : null;
}

function queryIn(request: FastifyRequest): string {
  const { q } = request.query as { q?: unknown };
  return typeof q === "string" ? q.slice(0, queryMaxChars).trim() : "";
}

/** A7: browsers say in Origin which page a form was on. */
function isOurPage({ headers }: FastifyRequest, publicUrl: string): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && (origin === new URL(publicUrl).origin || new URL(origin).host === host);
}
