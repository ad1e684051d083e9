import { z } from "zod";
import { exportFiles, importFiles } from "../help-centre/article-files.ts";
import { articleId, articleLocale, articleText } from "../help-centre/article-text.ts";
import {
  arrangeArticle,
  createArticle,
  listArticles,
  markUpToDate,
  publishVersion,
  saveDraft,
  versionsOf,
  withdrawTranslation,
} from "../help-centre/edit-articles.ts";
import { zipOf } from "../lib/zip.ts";
import { administratorsOnly } from "./administrators-only.ts";
import { conflict, notFound, refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { agentIn } from "./signed-in.ts";

/** Two hundred articles in ten languages. */
const importMaxBytes = 16 * 1024 * 1024;
const importFilesMax = 5_000;

const id = z.object({ id: z.string().max(64) });
const translation = z.object({ id: z.string().max(64), locale: z.string().max(16) });
const topic = articleId.describe("The id of a topic in the setting `topics`, or any other: those stand at the end.");
const done = z.object({ done: z.literal(true) });
const version = z.number().int().min(0);
const time = z.union([z.date(), z.string()]);
const listed = z.object({
  id: z.string(),
  topic: z.string(),
  position: z.number(),
  sourceLocale: z.string(),
  deletedAt: time.nullable(),
  helped: z.object({ yes: z.number(), no: z.number() }).describe("Answers of readers to “did that help?”."),
  translations: z
    .array(
      z.object({
        locale: z.string(),
        question: z.string(),
        published: version.nullable().describe("What customers read; null when they read none."),
        newest: version.describe("Above `published` it is a draft."),
        outOfDate: z.boolean().describe("The source was published anew after this was written."),
        savedAt: time,
        savedBy: z.string().nullable(),
      }),
    )
    .readonly(),
});
const versionShape = articleText.extend({
  question: z.string(),
  answer: z.string(),
  short: z.string(),
  samples: z.array(z.string()).readonly(),
  version,
  sourceVersion: version.nullable(),
  savedAt: time,
  savedBy: z.string().nullable(),
  publishedAt: time.nullable(),
});
const notDone = { 401: refusals[401], 403: refusals[403], 503: refusals[503] };

/** Writing, publishing and moving the articles (administrators). Customers and the assistant follow at once. */
export function articleRoutes(routes: Routes, deps: InboxDeps): void {
  const { db } = deps;
  const onRequest = administratorsOnly;
  const changed = async () => {
    await deps.contentChanged();
    return { done: true as const };
  };

  routes.get(
    "/articles",
    {
      onRequest,
      schema: {
        summary:
          "The articles with their translations, drafts, answers of readers, and those set aside (administrators)",
        response: { 200: z.object({ articles: z.array(listed) }), ...notDone },
      },
    },
    async () => ({ articles: await listArticles(db) }),
  );
  routes.post(
    "/articles",
    {
      onRequest,
      schema: {
        summary: "Begin an article (administrators): its first text, in the language it is written in, as a draft",
        body: articleText.extend({ id: articleId, topic: topic.default("other"), locale: articleLocale }),
        response: {
          201: done,
          ...refusals,
          409: conflict("Exists: there is an article of this id already.", {}),
        },
      },
    },
    async (request, reply) => {
      const { id: made, topic: among, locale, ...text } = request.body;
      if (await createArticle(db, agentIn(request).id, { id: made, topic: among, locale, text }))
        return reply.status(201).send(await changed());
      return refuse(reply, 409, "Exists", "There is an article with this address already. Choose another.");
    },
  );
  routes.patch(
    "/articles/:id",
    {
      onRequest,
      schema: {
        summary: "Move an article to another topic or place (administrators)",
        params: id,
        body: z.object({ topic: topic.optional(), position: z.number().int().min(0).max(100_000).optional() }),
        response: { 200: done, ...refusals },
      },
    },
    async (request, reply) =>
      (await arrangeArticle(db, agentIn(request).id, request.params.id, request.body))
        ? changed()
        : notFound(reply, "article"),
  );
  routes.delete(
    "/articles/:id",
    {
      onRequest,
      schema: {
        summary: "Set an article aside, in every language (administrators); POST …/restore takes it back",
        params: id,
        response: { 200: done, ...refusals },
      },
    },
    async (request, reply) =>
      (await arrangeArticle(db, agentIn(request).id, request.params.id, { deleted: true }))
        ? changed()
        : notFound(reply, "article"),
  );
  routes.post(
    "/articles/:id/restore",
    {
      onRequest,
      schema: { summary: "Take an article back (administrators)", params: id, response: { 200: done, ...refusals } },
    },
    async (request, reply) =>
      (await arrangeArticle(db, agentIn(request).id, request.params.id, { deleted: false }))
        ? changed()
        : notFound(reply, "article"),
  );
  translationRoutes(routes, deps, changed);
  fileRoutes(routes, deps, changed);
}

function translationRoutes(routes: Routes, { db }: InboxDeps, changed: () => Promise<{ done: true }>): void {
  const onRequest = administratorsOnly;
  const path = "/articles/:id/translations/:locale";
  routes.get(
    path,
    {
      onRequest,
      schema: {
        summary: "The texts of a translation, newest first (administrators)",
        params: translation,
        response: { 200: z.object({ versions: z.array(versionShape) }), ...refusals },
      },
    },
    async (request, reply) => {
      const versions = await versionsOf(db, request.params.id, request.params.locale);
      return versions.length === 0 ? notFound(reply, "article") : reply.send({ versions });
    },
  );
  routes.put(
    path,
    {
      onRequest,
      schema: {
        summary:
          "Save a draft (administrators). Customers keep what they have until it is published; an older text is restored the same way",
        params: translation,
        body: articleText.extend({ base: version.describe("The newest version you have seen; 0 for a new language.") }),
        response: {
          200: z.object({ version }),
          ...refusals,
          409: conflict("Newer: somebody saved in between.", { newest: version }),
        },
      },
    },
    async (request, reply) => {
      const { base, ...text } = request.body;
      const locale = articleLocale.safeParse(request.params.locale);
      if (!locale.success) return notFound(reply, "article");
      const draft = { articleId: request.params.id, locale: locale.data, base, text };
      const result = await saveDraft(db, agentIn(request).id, draft);
      if (result.outcome === "saved") return { version: result.version };
      if (result.outcome === "not-found") return notFound(reply, "article");
      return refuse(reply, 409, "Newer", "Somebody saved this text in between. Look at theirs first.", {
        newest: result.newest,
      });
    },
  );
  routes.post(
    `${path}/publish`,
    {
      onRequest,
      schema: {
        summary: "Show a version to customers and the assistant (administrators)",
        params: translation,
        body: z.object({ version }),
        response: { 200: done, ...refusals },
      },
    },
    async (request, reply) => {
      const { id: articleId, locale } = request.params;
      const published = await publishVersion(db, agentIn(request).id, { articleId, locale, ...request.body });
      return published ? changed() : notFound(reply, "article");
    },
  );
  routes.post(
    `${path}/checked`,
    {
      onRequest,
      schema: {
        summary: "Say that a translation still fits its source (administrators): takes the mark “out of date” away",
        params: translation,
        response: { 200: done, ...refusals },
      },
    },
    async (request, reply) =>
      (await markUpToDate(db, agentIn(request).id, request.params.id, request.params.locale))
        ? changed()
        : notFound(reply, "article"),
  );
  routes.delete(
    path,
    {
      onRequest,
      schema: {
        summary: "Take a translation away from customers (administrators); publishing a version brings it back",
        params: translation,
        response: { 200: done, ...refusals },
      },
    },
    async (request, reply) =>
      (await withdrawTranslation(db, agentIn(request).id, request.params.id, request.params.locale))
        ? changed()
        : notFound(reply, "article"),
  );
}

function fileRoutes(routes: Routes, { db }: InboxDeps, changed: () => Promise<{ done: true }>): void {
  routes.get(
    "/articles-archive",
    {
      onRequest: administratorsOnly,
      schema: {
        summary: "Every published article as Markdown files in a zip archive (administrators)",
        response: { ...notDone },
      },
    },
    async (_request, reply) => {
      const archive = zipOf(await exportFiles(db));
      return reply
        .type("application/zip")
        .header("content-disposition", 'attachment; filename="articles.zip"')
        .send(archive as never);
    },
  );
  routes.post(
    "/articles-archive",
    {
      onRequest: administratorsOnly,
      bodyLimit: importMaxBytes,
      config: { slowBody: true } as object,
      schema: {
        summary: "Take in Markdown files named <article>/<language>.md (administrators); may be repeated",
        body: z.object({
          files: z.array(z.object({ path: z.string().max(300), text: z.string() })).max(importFilesMax),
          publish: z.boolean().default(false),
        }),
        response: {
          200: z.object({
            published: z.number(),
            saved: z.number(),
            unchanged: z.number(),
            faults: z.array(z.string()).readonly().describe("Files that changed nothing, each with its reason."),
          }),
          ...refusals,
        },
      },
    },
    async (request) => {
      const report = await importFiles(db, agentIn(request).id, request.body.files, request.body);
      await changed();
      return report;
    },
  );
}
