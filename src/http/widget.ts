import { readdirSync, readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { textOn } from "../lib/colour.ts";
import { type Asset, asset, bundle, bundleParts, fingerprint, sendAsset } from "./bundle.ts";

const folder = new URL("../../web/widget/", import.meta.url).pathname;
const hidden = { schema: { hide: true } };
/** Sites ask for the loader on every page; a new version reaches them within this. */
const loaderCache = "public, max-age=600, stale-while-revalidate=86400";
const forEver = "public, max-age=31536000, immutable";
/** The language for readers of one that is not offered, unless the operator names another. */
const usual = "en";
/** Menus kept compressed; there is one at a time, and those of windows that have stood open for long. */
const menusKept = 50;

/** How the operator wants the chat to look at the moment. */
export interface WidgetLook {
  readonly company: string;
  readonly colour: string;
  /** The languages that customers can choose, the usual one first; null: all that the chat has. */
  readonly locales: readonly string[] | null;
}

export interface WidgetDeps {
  readonly look: () => WidgetLook;
  readonly directionOf: (locale: string) => "ltr" | "rtl";
  /** Sites that may embed the chat; null: any. */
  readonly origins: readonly string[] | null;
}

/** The chat for other people's pages: the loader that they embed, and the page of our origin that it frames. */
export async function widgetRoutes(app: FastifyInstance, deps: WidgetDeps): Promise<void> {
  const [loaderText, script, style] = await Promise.all([
    bundle(`${folder}loader.ts`, { format: "iife" }),
    bundleParts(`${folder}app/main.tsx`, { jsx: "automatic", jsxImportSource: "#widget", loader: { ".css": "text" } }),
    bundle(`${folder}app/app.css`),
  ]);
  const css = asset(style, "text/css; charset=utf-8");
  const languages = readLanguages(deps.directionOf);
  const files = new Map([
    ...[...script.files].map(([name, text]) => [name, asset(text, "text/javascript; charset=utf-8")] as const),
    [`app-${fingerprint(css)}.css`, css] as const,
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
  const laterOf = createLater(languages);
  for (const language of languages)
    app.get(`/widget/${language.laterFile}`, hidden, async (request, reply) => {
      const { menu } = request.query as { menu?: unknown };
      return sendAsset(request, reply, laterOf(language, typeof menu === "string" ? menu : ""), forEver);
    });
  app.get("/widget/frame", hidden, async (request, reply) => {
    const { locale } = request.query as { locale?: unknown };
    const wish = typeof locale === "string" ? locale.slice(0, 2).toLowerCase() : "";
    const { frames, usualFrame } = dressed(deps.look());
    void reply.header("content-security-policy", policy(deps.origins)).removeHeader("x-frame-options");
    return sendAsset(request, reply, frames.get(wish) ?? usualFrame, "no-cache");
  });
}

/** The loader and the frame's pages as the operator wants them; made again only when that changes. */
function dress(loaderText: string, head: string, languages: readonly Language[]): (look: WidgetLook) => Dressed {
  let worn: (Dressed & { readonly key: string }) | undefined;
  return (look) => {
    const key = JSON.stringify(look);
    if (worn?.key !== key) {
      const offered = offeredOf(look, languages);
      const frames = framePages(look, head, offered);
      const [usualFrame = asset("", "text/html; charset=utf-8")] = frames.values();
      worn = { key, loader: dressLoader(loaderText, look, offered), frames, usualFrame };
    }
    return worn;
  };
}

interface Dressed {
  readonly loader: Asset;
  readonly frames: ReadonlyMap<string, Asset>;
  readonly usualFrame: Asset;
}

/** Those of the operator's languages that the chat has words in; where it has none of them, its own. */
function offeredOf({ locales }: WidgetLook, languages: readonly Language[]): readonly Language[] {
  const offered = (locales ?? []).flatMap((wanted) => languages.filter(({ locale }) => locale === wanted));
  return offered.length > 0 ? offered : languages;
}

function dressLoader(loaderText: string, { colour }: WidgetLook, offered: readonly Language[]): Asset {
  const name = offered[0]?.words.chat;
  const others = offered.filter(({ words }) => words.chat !== name).map(({ locale, words }) => [locale, words.chat]);
  // "#fff" or "#000": every byte counts there.
  const look = JSON.stringify([colour, textOn(colour).slice(0, 4), { "": name, ...Object.fromEntries(others) }]);
  return asset(
    loaderText.replace("EVERLINE_LOOK", () => look),
    "text/javascript; charset=utf-8",
  );
}

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
function framePages({ company, colour }: WidgetLook, head: string, offered: readonly Language[]): Map<string, Asset> {
  const menu = offered.map(({ locale }) => locale).join(".");
  const ink = textOn(colour) === "#000000" ? ' data-ink="black"' : "";
  return new Map(
    offered.map(({ locale, direction, words, laterFile }) => {
      const later = `/widget/${laterFile}?menu=${menu}`;
      const config = JSON.stringify({ locale, company, colour, words, later }).replaceAll("<", "\\u003c");
      const page = `<!doctype html><html lang="${locale}" dir="${direction}"${ink}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content"><title>${words.chat}</title>${head}</head><body><script type="application/json" id="config">${config}</script></body></html>`;
      return [locale, asset(page, "text/html; charset=utf-8")];
    }),
  );
}

interface Language {
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
  /** In itself. */
  readonly name: string;
  readonly words: Readonly<Record<string, string>>;
  /** Words that are fetched with the rest of the app, and where. */
  readonly later: object;
  readonly laterFile: string;
}

/** The usual one first, the others by their codes. */
function readLanguages(directionOf: WidgetDeps["directionOf"]): Language[] {
  const locales = readdirSync(`${folder}words`).map((file) => file.replace(".json", ""));
  const read = [usual, ...locales.filter((one) => one !== usual).sort()].map((locale) => {
    const text = readFileSync(`${folder}words/${locale}.json`, "utf8");
    const { language: name, later, ...words } = JSON.parse(text) as { language: string; later: object };
    return { locale, direction: directionOf(locale), name, words, later };
  });
  return read.map((one) => {
    // Its content, whichever menu goes along.
    const file = asset(JSON.stringify([one.later, read.map(({ name }) => name)]), "application/json; charset=utf-8");
    return { ...one, laterFile: `words-${one.locale}-${fingerprint(file)}.json` };
  });
}

/** What is fetched with the rest of the app: its words, and the languages of the menu, as the frame's page names them. */
function createLater(languages: readonly Language[]): (language: Language, menu: string) => Asset {
  const kept = new Map<string, Asset>();
  return ({ locale, later }, menu) => {
    const wanted = new Set(menu.split("."));
    const offered = [...wanted].flatMap((code) => languages.filter((one) => one.locale === code));
    const key = [locale, ...offered.map((one) => one.locale)].join(".");
    const made =
      kept.get(key) ??
      asset(
        JSON.stringify({
          languages: Object.fromEntries(offered.map((one) => [one.locale, one.name])),
          words: later,
        }),
        "application/json; charset=utf-8",
      );
    if (kept.size >= menusKept) kept.clear();
    kept.set(key, made);
    return made;
  };
}
