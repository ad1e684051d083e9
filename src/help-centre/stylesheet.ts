import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readableOn, textOn } from "../lib/colour.ts";

const file = readFileSync(new URL("../../web/help/help.css", import.meta.url), "utf8");
/** Comments are for us; readers need not load them. */
const lean = file
  .replace(/\/\*[\s\S]*?\*\//g, "")
  .replace(/\s*\n\s*/g, "")
  .replace(/([{;:,]) +/g, "$1")
  .replace(/ \{/g, "{");
/** --soft of help.css, which has less contrast than --ground: what reads here reads on both. */
const soft = { light: "#f3f5f9", dark: "#1c2129" } as const;

export interface Stylesheet {
  /** Changes with the content, so that browsers may keep it for ever. */
  readonly path: string;
  readonly css: string;
}

/** The help pages' style sheet in the operator's colour; inline styles would need a weaker content policy (X6). */
export function stylesheetFor(colour: string): Stylesheet {
  // The text on the brand's own colour, and the brand as text on the grounds: all with a contrast of 4.5 at least.
  const css = `:root{--brand:${colour};--on-brand:${textOn(colour)};--brand-on-light:${readableOn(soft.light, colour)};--brand-on-dark:${readableOn(soft.dark, colour)}}${lean}`;
  const hash = createHash("sha256").update(css).digest("base64url").slice(0, 10);
  return { path: `/help.css?v=${hash}`, css };
}
