/** A piece of what was said in one go, and the message that it is from; null: our own words, from none. */
export interface SpokenPiece {
  readonly seq: number | null;
  readonly text: string;
}

/** How much of a message was heard. */
export interface Heard {
  readonly seq: number;
  readonly words: string;
  readonly whole: boolean;
}

/**
 * What of these pieces a caller heard who spoke over them at `until`, the provider's word for what was played: either all
 * of it, or its last utterance. Words that were never said there count as all that is known of the last message. Pure.
 */
export function heardOf(pieces: readonly SpokenPiece[], until: string): Heard[] {
  const end = endOf(pieces.map(({ text }) => text).join(""), until);
  const heard = new Map<number, { words: string; whole: boolean }>();
  let at = 0;
  for (const { seq, text } of pieces) {
    const left = Math.max(0, Math.min(text.length, end - at));
    at += text.length;
    if (seq === null) continue;
    const before = heard.get(seq) ?? { words: "", whole: true };
    const whole = !/[\p{L}\p{N}]/u.test(text.slice(left));
    heard.set(seq, { words: before.words + text.slice(0, left), whole: before.whole && whole });
  }
  return [...heard].map(([seq, { words, whole }]) => ({ seq, words: words.trim(), whole }));
}

/** What a caller spoke over: it is said on when that was a noise, and was not heard when it was words. */
export interface Cut {
  readonly heard: readonly Heard[];
  /** From the beginning of the sentence that was cut. */
  readonly rest: readonly SpokenPiece[];
  /** What was heard of each message before that. */
  readonly before: ReadonlyMap<number, string>;
}

/** Cuts what was said at `until`; `before` was heard of the same messages before they were said on. Pure. */
export function cutAt(pieces: readonly SpokenPiece[], until: string, before: ReadonlyMap<number, string>): Cut {
  const end = endOf(pieces.map(({ text }) => text).join(""), until);
  const heard = heardOf(pieces, until).map((one) => ({ ...one, words: `${before.get(one.seq) ?? ""}${one.words}` }));
  const known = new Map(before);
  let at = 0;
  for (const [index, { seq, text }] of pieces.entries()) {
    at += text.length;
    if (at > end) return { heard, rest: pieces.slice(index), before: known };
    if (seq !== null) known.set(seq, `${known.get(seq) ?? ""}${text}`);
  }
  return { heard, rest: [], before: known };
}

/** Where in the text the played part ends. Spaces and capitals come back otherwise than they were sent. */
function endOf(text: string, until: string): number {
  const wanted = squeeze(until);
  if (wanted.length === 0) return 0;
  const said = squeeze(text);
  const found = said.text.startsWith(wanted.text) ? 0 : said.text.lastIndexOf(wanted.text);
  if (found < 0) return Math.min(text.length, until.length);
  return (said.places[found + wanted.text.length - 1] ?? text.length - 1) + 1;
}

/** Letters and digits alone, each with its place in the text. */
function squeeze(text: string): { readonly text: string; readonly places: readonly number[]; readonly length: number } {
  let kept = "";
  const places: number[] = [];
  for (const match of text.matchAll(/[\p{L}\p{M}\p{N}]/gu)) {
    const small = match[0].toLowerCase();
    for (let unit = 0; unit < small.length; unit++) places.push(match.index + match[0].length - 1);
    kept += small;
  }
  return { text: kept, places, length: kept.length };
}

/** Where the part of a text ends that was said already; 0 when it begins otherwise. Pure. */
export function prefixEnd(text: string, said: string): number {
  const wanted = lettersOf(said);
  if (!lettersOf(text).startsWith(wanted)) return 0;
  let letters = 0;
  let end = 0;
  for (const { segment, index } of new Intl.Segmenter().segment(text)) {
    const count = lettersOf(segment).length;
    // Marks behind the last letter belong to what was said.
    if (count > 0 && letters >= wanted.length) break;
    letters += count;
    end = index + segment.length;
  }
  return end;
}

/** Spaces, marks and capitals come back otherwise than they were sent. */
export function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
