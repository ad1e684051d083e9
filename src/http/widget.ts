import { readdirSync, readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { type Asset, asset, bundle, bundleParts, fingerprint, sendAsset } from "./bundle.ts";

const folder = new URL("../../web/widget/", import.meta.url).pathname;
const hidden = { schema: { hide: true } };
/** Sites ask for the loader on every page; a new version reaches them within this. */
const loaderCache = "public, max-age=600, stale-while-revalidate=86400";
const forEver = "public, max-age=31536000, immutable";
const fallback = "en";

/** How the operator wants the chat to look at the moment. */
export interface WidgetLook {
  readonly company: string;
  readonly colour: string;
}

export interface WidgetDeps {
  readonly look: () => WidgetLook;
  /** Sites that may embed the chat; null: any. */
  readonly origins: readonly string[] | null;
}

/** The chat for other people's pages: the loader that they embed, and the page of our origin that it frames. */
export async function widgetRoutes(app: FastifyInstance, deps: WidgetDeps): Promise<void> {
  const [loaderText, script, style] = await Promise.all([
    bundle(`${folder}loader.ts`, { format: "iife" }),
    bundleParts(`${folder}app/main.tsx`, { jsx: "automatic", jsxImportSource: "#widget" }),
    bundle(`${folder}app/app.css`),
  ]);
  const css = asset(style, "text/css; charset=utf-8");
  const languages = readLanguages();
  const files = new Map([
    ...[...script.files].map(([name, text]) => [name, asset(text, "text/javascript; charset=utf-8")] as const),
    [`app-${fingerprint(css)}.css`, css] as const,
    ...languages.map((one) => [one.laterFile, one.later] as const),
  ]);
  const [entry = "", ...beside] = script.first;
  const head = [
    `<link rel="stylesheet" href="/widget/app-${fingerprint(css)}.css">`,
    // Fetched at once, not only when the first script has come.
    ...beside.map((name) => `<link rel="modulepreload" href="/widget/${name}">`),
    `<script type="module" src="/widget/${entry}"></script>`,
  ];
  const dressed = dress(loaderText, head.join(""), languages);

  app.get("/widget.js", hidden, async (request, reply) =>
    sendAsset(request, reply, dressed(deps.look()).loader, loaderCache),
  );
  for (const [name, file] of files)
    app.get(`/widget/${name}`, hidden, async (request, reply) => sendAsset(request, reply, file, forEver));
  app.get("/widget/frame", hidden, async (request, reply) => {
    const { locale } = request.query as { locale?: unknown };
    const wish = typeof locale === "string" ? locale.slice(0, 2).toLowerCase() : fallback;
    const { frames, loader } = dressed(deps.look());
    void reply.header("content-security-policy", policy(deps.origins)).removeHeader("x-frame-options");
    return sendAsset(request, reply, frames.get(wish) ?? frames.get(fallback) ?? loader, "no-cache");
  });
}

/** The loader and the frame's pages in the operator's name and colour; made again only when those change. */
function dress(loaderText: string, head: string, languages: readonly Language[]): (look: WidgetLook) => Dressed {
  let worn: (Dressed & { readonly look: WidgetLook }) | undefined;
  return (look) => {
    if (worn?.look.company !== look.company || worn.look.colour !== look.colour) {
      const loader = asset(loaderText.replaceAll(usualColour, look.colour), "text/javascript; charset=utf-8");
      worn = { look, loader, frames: framePages(look, head, languages) };
    }
    return worn;
  };
}

interface Dressed {
  readonly loader: Asset;
  readonly frames: ReadonlyMap<string, Asset>;
}

/** Stands in the loader where the operator's colour comes. */
const usualColour = "#0b57d0";

/** X6: nothing but our own files. Who may frame it is the operator's word; without one, any site. */
function policy(origins: readonly string[] | null): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${origins === null ? "*" : ["'self'", ...origins].join(" ")}`,
  ].join("; ");
}

/** One page for each language, with its words inside: opening the chat waits for no other request. */
function framePages({ company, colour }: WidgetLook, head: string, languages: readonly Language[]): Map<string, Asset> {
  return new Map(
    languages.map(({ locale, words, laterFile }) => {
      const later = `/widget/${laterFile}`;
      const config = JSON.stringify({ locale, company, colour, words, later }).replaceAll("<", "\\u003c");
      const page = `<!doctype html><html lang="${locale}" dir="${locale === "ar" ? "rtl" : "ltr"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content"><title>${words.chat}</title>${head}</head><body><script type="application/json" id="config">${config}</script></body></html>`;
      return [locale, asset(page, "text/html; charset=utf-8")];
    }),
  );
}

interface Language {
  readonly locale: string;
  readonly words: Readonly<Record<string, string>>;
  /** What is fetched with the rest of the app: its words, and what the languages are called. */
  readonly later: Asset;
  readonly laterFile: string;
}

function readLanguages(): Language[] {
  const read = readdirSync(`${folder}words`).map((file) => {
    const text = readFileSync(`${folder}words/${file}`, "utf8");
    const { language, later, ...words } = JSON.parse(text) as { language: string; later: object };
    return { locale: file.replace(".json", ""), language, words, later };
  });
  const languages = Object.fromEntries(read.map((one) => [one.locale, one.language]));
  return read.map(({ locale, words, later }) => {
    const file = asset(JSON.stringify({ languages, words: later }), "application/json; charset=utf-8");
    return { locale, words, later: file, laterFile: `words-${locale}-${fingerprint(file)}.json` };
  });
}
