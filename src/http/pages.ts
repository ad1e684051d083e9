import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";

const webFolder = new URL("../../web/", import.meta.url).pathname;
const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** Serves one front end's files: its page at `path`, the rest below /assets/<name>/. Read once, at start. */
export function pageRoutes(app: FastifyInstance, name: string, paths: readonly string[]): void {
  const modules = readdirSync(join(webFolder, name)).filter((file) => /\.(js|css)$/.test(file));
  for (const file of [...(paths.length > 0 ? ["index.html"] : []), ...modules]) {
    const body = readFileSync(join(webFolder, name, file));
    const type = types[file.split(".").at(-1) ?? ""] ?? "application/octet-stream";
    for (const path of file === "index.html" ? paths : [`/assets/${name}/${file}`]) {
      app.get(path, { schema: { hide: true } }, async (_request, reply) =>
        reply.type(type).header("cache-control", "no-cache").send(body),
      );
    }
  }
}

/** The service worker of push messages, at the root so that it speaks for every page of ours. */
export function pushWorkerRoute(app: FastifyInstance): void {
  const body = readFileSync(join(webFolder, "reach", "push-worker.js"));
  app.get("/push-worker.js", { schema: { hide: true } }, async (_request, reply) =>
    reply
      .type(types.js ?? "")
      .header("cache-control", "no-cache")
      .send(body),
  );
}

/** Serves one more page of a front end, whose files `pageRoutes` serves. Read once, at start. */
export function morePage(app: FastifyInstance, name: string, file: string, path: string): void {
  const body = readFileSync(join(webFolder, name, file));
  app.get(path, { schema: { hide: true } }, async (_request, reply) =>
    reply.type("text/html; charset=utf-8").header("cache-control", "no-cache").send(body),
  );
}

/** The sign that browsers show beside a page's title; they ask for it at this address by themselves. */
export function faviconRoute(app: FastifyInstance): void {
  const body = readFileSync(join(webFolder, "favicon.svg"));
  app.get("/favicon.ico", { schema: { hide: true } }, async (_request, reply) =>
    reply.type("image/svg+xml").header("cache-control", "max-age=86400").send(body),
  );
}
