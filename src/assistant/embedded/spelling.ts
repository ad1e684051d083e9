import { normalise } from "./text.ts";

/** Shorter words have too many neighbours. */
const wordCharsMin = 5;
/** What the samples hold once may be somebody's typo itself. */
const timesMin = 2;

/** Puts mistyped words right: those the samples do not know, one slip away from one that they do. */
export interface Spelling {
  /** A normalised text, with the words it was probably meant to have. */
  correct(words: string): string;
}

/**
 * Two words are one slip apart (a letter too many, too few, wrong or swapped) when they are the same with a letter
 * left out of one or both; so every known word is listed under each of these forms, the commonest word first.
 */
export function compileSpelling(texts: readonly string[]): Spelling {
  const times = timesOf(texts);
  const known = [...times].filter(([, count]) => count >= timesMin).sort((a, b) => b[1] - a[1]);
  const wordOf = new Map<string, string>();
  for (const [word] of known) wordOf.set(word, word);
  for (const [word] of known) {
    if (word.length >= wordCharsMin) for (const form of shortened(word)) if (!wordOf.has(form)) wordOf.set(form, word);
  }
  const correctWord = (word: string): string => {
    if (word.length < wordCharsMin || word.length > wordCharsMax || (times.get(word) ?? 0) >= timesMin) return word;
    const found = wordOf.get(word) ?? firstOf(shortened(word), wordOf);
    return found === undefined || found[0] !== word[0] ? word : found;
  };
  return { correct: (words) => words.replace(longWord, correctWord) };
}

/** Nobody mistypes a longer word by one letter only, and looking would take its time. */
const wordCharsMax = 24;
const longWord = /[^ ]{5,}/g;

function timesOf(texts: readonly string[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const text of texts) {
    for (const word of normalise(text).split(" ")) times.set(word, (times.get(word) ?? 0) + 1);
  }
  return times;
}

function firstOf(forms: readonly string[], wordOf: ReadonlyMap<string, string>): string | undefined {
  const form = forms.find((one) => wordOf.has(one));
  return form === undefined ? undefined : wordOf.get(form);
}

function shortened(word: string): string[] {
  return Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1));
}
