import { readdirSync, readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { type Asset, asset, bundle, fingerprint, sendAsset } from "./bundle.ts";

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
    bundle(`${folder}app/main.tsx`, { format: "esm", jsx: "automatic", jsxImportSource: "#widget" }),
    bundle(`${folder}app/app.css`),
  ]);
  const files = { js: asset(script, "text/javascript; charset=utf-8"), css: asset(style, "text/css; charset=utf-8") };
  const address = { js: `/widget/app-${fingerprint(files.js)}.js`, css: `/widget/app-${fingerprint(files.css)}.css` };
  const dressed = dress(loaderText, address);

  app.get("/widget.js", hidden, async (request, reply) =>
    sendAsset(request, reply, dressed(deps.look()).loader, loaderCache),
  );
  for (const kind of ["js", "css"] as const)
    app.get(address[kind], hidden, async (request, reply) => sendAsset(request, reply, files[kind], forEver));
  app.get("/widget/frame", hidden, async (request, reply) => {
    const { locale } = request.query as { locale?: unknown };
    const wish = typeof locale === "string" ? locale.slice(0, 2).toLowerCase() : fallback;
    const { frames, loader } = dressed(deps.look());
    void reply.header("content-security-policy", policy(deps.origins)).removeHeader("x-frame-options");
    return sendAsset(request, reply, frames.get(wish) ?? frames.get(fallback) ?? loader, "no-cache");
  });
}

/** The loader and the frame's pages in the operator's name and colour; made again only when those change. */
function dress(loaderText: string, address: Addresses): (look: WidgetLook) => Dressed {
  let worn: (Dressed & { readonly look: WidgetLook }) | undefined;
  return (look) => {
    if (worn?.look.company !== look.company || worn.look.colour !== look.colour) {
      const loader = asset(loaderText.replaceAll(usualColour, look.colour), "text/javascript; charset=utf-8");
      worn = { look, loader, frames: framePages(look, address) };
    }
    return worn;
  };
}

interface Dressed {
  readonly loader: Asset;
  readonly frames: ReadonlyMap<string, Asset>;
}

interface Addresses {
  readonly js: string;
  readonly css: string;
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
function framePages({ company, colour }: WidgetLook, address: Addresses): Map<string, Asset> {
  const words = readdirSync(`${folder}words`).map((file) => {
    const text = readFileSync(`${folder}words/${file}`, "utf8");
    return { locale: file.replace(".json", ""), words: JSON.parse(text) as Record<string, string> };
  });
  const languages = Object.fromEntries(words.map((one) => [one.locale, one.words.language]));
  return new Map(
    words.map(({ locale, words: own }) => {
      const config = JSON.stringify({ locale, company, colour, languages, words: own }).replaceAll("<", "\\u003c");
      const page = `<!doctype html><html lang="${locale}" dir="${locale === "ar" ? "rtl" : "ltr"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content"><title>${own.chat}</title><link rel="stylesheet" href="${address.css}"><script type="module" src="${address.js}"></script></head><body><script type="application/json" id="config">${config}</script></body></html>`;
      return [locale, asset(page, "text/html; charset=utf-8")];
    }),
  );
}
