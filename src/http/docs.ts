import type { FastifyInstance } from "fastify";
import { escapeHtml } from "../lib/escape-html.ts";

/** The OpenAPI document and a page that people can read, without a script or a foreign request. */
export function docsRoutes(app: FastifyInstance): void {
  app.get("/api/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  app.get("/api/docs", { schema: { hide: true } }, async (_request, reply) =>
    reply.type("text/html; charset=utf-8").send(page(app.swagger() as Document)),
  );
  app.get("/api/docs.css", { schema: { hide: true } }, async (_request, reply) => reply.type("text/css").send(css));
}

interface Document {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly requestBody?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly responses?: Readonly<Record<string, { readonly description?: string }>>;
}

function page(document: Document): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(document.info.title)} API</title><link rel="stylesheet" href="/api/docs.css"></head><body><main>
<h1>${escapeHtml(document.info.title)} API</h1><p>${escapeHtml(document.info.description ?? "")}</p>
<p><a href="/api/openapi.json">OpenAPI document</a></p>${operations.join("\n")}</main></body></html>`;
}

function section(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    (one) =>
      `<li><code>${escapeHtml(one.name)}</code> in ${escapeHtml(one.in)}${one.required ? ", required" : ""}</li>`,
  );
  const body =
    operation.requestBody === undefined
      ? ""
      : `<h3>Body</h3><pre>${escapeHtml(JSON.stringify(operation.requestBody, null, 2))}</pre>`;
  const answers = Object.entries(operation.responses ?? {}).map(
    ([status, answer]) => `<li><code>${escapeHtml(status)}</code> ${escapeHtml(answer.description ?? "")}</li>`,
  );
  return `<section><h2><span class="method">${escapeHtml(method.toUpperCase())}</span> <code>${escapeHtml(path)}</code></h2>
<p>${escapeHtml(operation.summary ?? operation.description ?? "")}</p>${parameters.length > 0 ? `<ul>${parameters.join("")}</ul>` : ""}
${body}<h3>Answers</h3><ul>${answers.join("")}</ul></section>`;
}

const css = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:0 auto;padding:1rem}
section{border-top:1px solid #8886;padding:.5rem 0}pre{overflow:auto;background:#8881;padding:.75rem;border-radius:.5rem}
h2{font-size:1.05rem}h3{font-size:.9rem}.method{font-weight:700;color:light-dark(#0a5,#5d9)}`;
