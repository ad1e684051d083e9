import { factsOf } from "./facts.ts";
import type { QuotableArticle } from "./understanding.ts";

/** A long answer on a screen; the longest article has about 900 characters. */
const fullMaxChars = 2_000;
/** About three SMS, or half a minute of speech; a short answer of an article has at most 300. */
const shortMaxChars = 480;
/**
 * The share of a sentence's words that its article holds. Measured on the articles' own short answers, which say the
 * same in other words: 99 % of them reach this in each of the four languages; of sentences from other articles of the
 * same company a third does, of text about anything else hardly any.
 */
const supportMin = 0.4;
/** Where the model named no source, the words alone must tell it: 95 % of rephrased sentences reach this. */
const supportMinUnnamed = 0.6;
/** "Hope this helps!": so few words say nothing that is missed when no article holds them. */
const asideMaxWords = 3;
/** Shorter text has no language that could be told. */
const languageFromWords = 8;

export interface Draft {
  readonly text: string;
  /** The customer's language, and the one that the text is in as far as code can tell. */
  readonly locale: string;
  readonly spoken: string;
  readonly wording: "full" | "short" | "spoken";
  /** The articles that the text is said to be taken from. */
  readonly cited: readonly QuotableArticle[];
  /** False when the text does not say so itself. */
  readonly named: boolean;
}

/**
 * `harmful` says something that no cited article says: the customer gets an honest "I do not know" and a person.
 * `unusable` is no answer at all: another brain may try.
 */
export type Verdict =
  | { readonly verdict: "passed"; readonly text: string }
  | { readonly verdict: "harmful"; readonly fault: "markup" | "link" | "fact" }
  | { readonly verdict: "unusable"; readonly fault: "no-source" | "empty" | "too-long" | "language" | "unsupported" };

/**
 * Checks a text before a customer sees it, whichever brain wrote it (L3): everything that can be checked is in a cited
 * article, and the rest is close to one. Code, never prompt: whatever the model was talked into ends here.
 */
export function guardAnswer(company: string, draft: Draft): Verdict {
  const text = tidy(draft.text);
  if (text === "") return { verdict: "unusable", fault: "empty" };
  if (draft.cited.length === 0) return { verdict: "unusable", fault: "no-source" };
  if (hasMarkup(text)) return { verdict: "harmful", fault: "markup" };
  const claims = claimsBeyond(text, draft);
  if (claims.length > 0) return { verdict: "harmful", fault: claims.some(isLink) ? "link" : "fact" };
  if (wordsOf(text).length >= languageFromWords && draft.spoken !== draft.locale)
    return { verdict: "unusable", fault: "language" };
  const supported = keepSupported(text, draft, company);
  if (supported === null) return { verdict: "unusable", fault: "unsupported" };
  if (supported.length > (draft.wording === "full" ? fullMaxChars : shortMaxChars))
    return { verdict: "unusable", fault: "too-long" };
  return { verdict: "passed", text: supported };
}

/** Removes what nobody sees but a machine reads (controls, direction marks, tag characters), and heading marks. */
function tidy(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, "")
    .replace(/^#{1,6} +/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** Beyond bold, lists and links: tags, entities, pictures, code, tables. */
const markup = /<[a-z!/?]|&(?:#\d+|#x[0-9a-f]+|[a-z]{2,});|!\[|```|^\s*\|.*\||\]\s*\[|^\s*\[[^\]]+\]:/im;

function hasMarkup(text: string): boolean {
  return markup.test(text);
}

function claimsBeyond(text: string, draft: Draft): string[] {
  const known = new Set(
    draft.cited.flatMap((article) =>
      Object.entries(article.translations).flatMap(([locale, one]) => [
        ...factsOf(`${one.question}\n${one.answer}\n${one.short}`, locale),
      ]),
    ),
  );
  return [...factsOf(text, draft.locale)].filter((fact) => !known.has(fact));
}

function isLink(fact: string): boolean {
  return fact.startsWith("link:");
}

/**
 * The text without asides; null when a whole sentence is not from its articles. Without a translation in the
 * customer's language there are no words to compare: the facts were, and the model must have named its source.
 */
function keepSupported(text: string, draft: Draft, company: string): string | null {
  const language = draft.locale.slice(0, 2);
  const translations = draft.cited.flatMap((article) => article.translations[language] ?? []);
  if (translations.length === 0) return text;
  const known = new Set(
    translations.flatMap((one) => stemsOf(`${one.question} ${one.answer} ${one.short} ${company}`, language)),
  );
  const kept: string[] = [];
  for (const sentence of sentencesOf(text, language)) {
    const stems = stemsOf(sentence, language);
    const share = stems.length === 0 ? 1 : stems.filter((stem) => known.has(stem)).length / stems.length;
    if (share >= (draft.named ? supportMin : supportMinUnnamed)) kept.push(sentence);
    else if (stems.length > asideMaxWords) return null;
  }
  const rest = kept.join("").trim();
  return rest === "" ? null : rest;
}

/** A text that is still growing, without the sentence that is not whole yet. */
export function wholeSentences(text: string, locale: string): string {
  return sentencesOf(text, locale.slice(0, 2)).slice(0, -1).join("").trim();
}

function sentencesOf(text: string, language: string): string[] {
  return [...new Intl.Segmenter(language, { granularity: "sentence" }).segment(text)].map((one) => one.segment);
}

/** Endings differ between a sentence and its rephrasing; the first letters seldom do. */
const stemChars = 5;
const contentMinChars = { alphabet: 4, other: 2 } as const;

function stemsOf(text: string, language: string): string[] {
  const words = [...new Intl.Segmenter(language, { granularity: "word" }).segment(text.toLowerCase())];
  const stems = words.flatMap(({ segment, isWordLike }) => {
    if (isWordLike !== true || /\p{N}/u.test(segment)) return [];
    const min = /\p{Script=Latin}|\p{Script=Cyrillic}|\p{Script=Greek}/u.test(segment)
      ? contentMinChars.alphabet
      : contentMinChars.other;
    return segment.length < min ? [] : [segment.slice(0, stemChars)];
  });
  return [...new Set(stems)];
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{M}]+/gu) ?? [];
}
