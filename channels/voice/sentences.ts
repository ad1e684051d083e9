import type { SpokenReply } from "../channel.ts";

/** What a caller can be asked to listen to at once: about twenty seconds. */
const listenMaxChars = 320;

/** A text in the pieces that it is spoken in: each is a whole sentence, with the space behind it. Pure. */
export function sentencesOf(text: string, locale: string): string[] {
  return [...segmenterFor(locale).segment(text)]
    .map(({ segment }) => segment)
    .filter((segment) => segment.trim() !== "");
}

/** What of a reply one listens to, and what is better read, after `saidChars` of it already; in whole sentences. Pure. */
export function shorten(
  { meta }: Pick<SpokenReply, "meta">,
  left: string,
  locale: string,
  saidChars = 0,
): { readonly said: readonly string[]; readonly rest: readonly string[] } {
  const sentences = sentencesOf(left, locale);
  // What is said of somebody's account, or by a person, is said whole; a text might reach another.
  const isPublic = meta?.kind === "answer" && meta.sources.length > 0;
  const count = isPublic ? listenableCount(sentences, saidChars) : sentences.length;
  return { said: sentences.slice(0, count), rest: sentences.slice(count) };
}

/** How many of these sentences one listens to, after `saidChars` already, before the rest is better read. Pure. */
export function listenableCount(sentences: readonly string[], saidChars: number): number {
  let chars = saidChars;
  for (const [index, sentence] of sentences.entries()) {
    chars += sentence.length;
    // Something has to be said.
    if (chars > listenMaxChars) return saidChars > 0 ? index : Math.max(1, index);
  }
  return sentences.length;
}

/** Making one takes longer than an answer has sentences. */
const segmenters = new Map<string, Intl.Segmenter>();

function segmenterFor(locale: string): Intl.Segmenter {
  const segmenter = segmenters.get(locale) ?? new Intl.Segmenter(locale, { granularity: "sentence" });
  segmenters.set(locale, segmenter);
  return segmenter;
}
