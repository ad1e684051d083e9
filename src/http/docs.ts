import type { FastifyInstance } from "fastify";
import { escapeHtml } from "../lib/escape-html.ts";
import { fieldsOf, type Schema, typeOf } from "./schema-fields.ts";

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
  readonly requestBody?: Body;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly responses?: Readonly<Record<string, Body & { readonly description?: string }>>;
}
interface Body {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
interface Entry {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** What @fastify/swagger says where a route says nothing: no news for a reader. */
const saysNothing = "Default Response";

/** What an OpenAPI document has no words for. */
const live = {
  id: "live",
  path: "/api/v1/live",
  html: `<p>Tells an inbox that something happened, with ids and no content; what it is, is read from the timeline.
Opens with the session's cookie, or with its token as <code>Authorization: Bearer</code>; closes with 4401 when the session has
ended and with 1013 when the service asks to come back later.</p>
<h3>In the address</h3><ul><li><code>after</code> string: the last <code>position</code> that you heard. Everything since comes
first. Left out: you are only told where we are.</li></ul>
<h3>You hear</h3><ul><li><code>{ position, events: [{ conversationId, seq, type }], hints: [conversationId] }</code>: what happened,
in order. <code>hints</code> are conversations with news that are not in the list yet: read their timeline after the seq you
have.</li><li><code>{ presence }</code>: whether you take calls now, after you said that you are here.</li>
<li><code>{ typing: conversationId }</code>: the customer of the conversation that you watch is writing.</li></ul>
<h3>You say</h3><ul><li><code>{ here: boolean }</code>, every 20 s: a person is before the screen. Whoever takes calls in the
browser has to.</li><li><code>{ watch: conversationId | null }</code>: tell me when this customer writes.</li></ul>`,
};

function page(document: Document): string {
  const entries = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]): Entry => ({
        id: `${method}${path}`.replaceAll(/[^a-z0-9]+/gi, "-"),
        method: method.toUpperCase(),
        path,
        operation,
      }),
    ),
  );
  const title = escapeHtml(document.info.title);
  const contents = entries.map(
    ({ id, method, path, operation }) =>
      `<li><a href="#${id}"><code>${method} ${escapeHtml(path)}</code></a> ${escapeHtml(operation.summary ?? "")}</li>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} API</title><link rel="stylesheet" href="/api/docs.css"></head><body><main>
<h1>${title} API</h1><p>${escapeHtml(document.info.description ?? "")}</p>
<p><a href="/api/openapi.json">OpenAPI document</a></p>
<details open><summary>Everything at a glance</summary><ul class="contents">${contents.join("")}<li><a href="#${live.id}"><code>WS ${live.path}</code></a> What happens, as it happens</li></ul></details>
${entries.map(section).join("\n")}
<section id="${live.id}"><h2><span class="method">WS</span> <code>${live.path}</code></h2>${live.html}</section></main></body></html>`;
}

function section({ id, method, path, operation }: Entry): string {
  const parameters = (operation.parameters ?? []).map(
    (one) =>
      `<li><code>${escapeHtml(one.name)}</code> <span class="type">${escapeHtml(one.schema === undefined ? "" : typeOf(one.schema))} in ${escapeHtml(one.in)}${one.required ? ", required" : ""}</span>${described(one.description ?? one.schema?.description)}</li>`,
  );
  const body = schemaIn(operation.requestBody);
  const answers = Object.entries(operation.responses ?? {}).map(([status, answer]) => {
    const words = answer.description === saysNothing ? undefined : answer.description;
    const schema = schemaIn(answer);
    // Every refusal has the same fields, which the first of the page shows.
    const fields = schema !== undefined && status.startsWith("2") ? fieldsOf(schema) : "";
    return `<li><code>${escapeHtml(status)}</code>${described(words)}${fields}</li>`;
  });
  return `<section id="${id}"><h2><span class="method">${method}</span> <code>${escapeHtml(path)}</code></h2>
<p>${escapeHtml(operation.summary ?? "")}</p>${operation.description === undefined ? "" : `<p>${escapeHtml(operation.description)}</p>`}
${parameters.length > 0 ? `<h3>In the address</h3><ul>${parameters.join("")}</ul>` : ""}${body === undefined ? "" : `<h3>Body</h3>${fieldsOf(body)}`}
<h3>Answers</h3><ul>${answers.join("")}</ul></section>`;
}

function schemaIn(body: Body | undefined): Schema | undefined {
  return Object.values(body?.content ?? {})[0]?.schema;
}

function described(words: string | undefined): string {
  return words === undefined || words === "" ? "" : `: ${escapeHtml(words)}`;
}

const css = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:0 auto;padding:1rem}
section{border-top:1px solid #8886;padding:.5rem 0}code{overflow-wrap:anywhere}ul{padding-inline-start:1.25rem}
.contents{columns:22rem;padding:0;list-style:none}.contents li{break-inside:avoid;padding:.25rem 0}
.type{opacity:.75}h2{font-size:1.05rem}h3{font-size:.9rem}.method{font-weight:700;color:light-dark(#075,#5d9)}
a{color:light-dark(#05a,#8cf)}:target{outline:2px solid #8886;outline-offset:.5rem}`;
