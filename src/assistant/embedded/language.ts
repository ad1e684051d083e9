import { eld } from "eld/small";

/** How much the conversation's language so far, or the browser's, weighs against the text's own evidence. */
const conversationPrior = 0.12;
const browserPrior = 0.06;
/** Fewer words than this do not change a conversation's language (assistant.md). */
const wordsToSwitch = 3;

/** eld answers Indonesian as Malay; Norwegian as "no". */
const aliases: Readonly<Record<string, string>> = { no: "nb" };

/** The language of a text, by its letters, then by what was spoken so far. Two-letter code. */
export function detectLanguage(
  text: string,
  hints: { readonly conversation: string | null; readonly browser: string | null; readonly known: ReadonlySet<string> },
): string {
  const conversation = hints.conversation?.slice(0, 2) ?? null;
  const browser = hints.browser?.slice(0, 2) ?? null;
  const words = text.match(/[\p{L}\p{M}]+/gu)?.length ?? 0;
  if (words === 0) return conversation ?? browser ?? "en";
  const scores = new Map<string, number>();
  for (const [language, value] of Object.entries(eld.detect(text).getScores())) {
    scores.set(aliases[language] ?? language, value);
  }
  // Languages that we can answer in are likelier than the sixty that we cannot.
  for (const language of hints.known)
    if (scores.has(language)) scores.set(language, (scores.get(language) ?? 0) + 0.08);
  for (const [hint, prior] of [
    [conversation, conversationPrior],
    [browser, browserPrior],
  ] as const) {
    if (hint !== null) scores.set(hint, (scores.get(hint) ?? 0) + prior);
  }
  const best = likeliest(scores) ?? conversation ?? "en";
  if (words < wordsToSwitch && isLatin(text)) {
    if (conversation !== null) return conversation;
    return hints.known.has(best) ? best : (browser ?? "en");
  }
  return best;
}

function likeliest(scores: ReadonlyMap<string, number>): string | null {
  let best: string | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (const [language, score] of scores) {
    if (score <= most) continue;
    best = language;
    most = score;
  }
  return best;
}

function isLatin(text: string): boolean {
  return !/[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u.test(text);
}
