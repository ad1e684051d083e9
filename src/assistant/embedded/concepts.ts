import { hash, normalise } from "./text.ts";

/** Longer phrases are sentences, and sentences belong into the samples. Also the limit that keeps odd input cheap. */
const phraseWordsMax = 5;
const phraseCharsMax = 60;
const prefixCharsMin = 2;
const conceptSeed = 77;

/** What customers call by many names ("send back", "retrun", "dropped off") and mean as one thing. */
export interface Concepts {
  /** The concepts in a normalised text, each once, in an order that does not depend on the text's. */
  in(words: string): readonly number[];
}

/**
 * Reads lines "name: word, begin*, several words"; a star means any ending. The terms are kept by hash, so a text costs
 * a look-up per letter however many terms there are.
 */
export function compileConcepts(lines: readonly string[]): Concepts {
  const whole = new Map<number, number[]>();
  const beginnings = new Map<number, number[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const concept = hash(line, 0, colon, conceptSeed);
    for (const term of line.slice(colon + 1).split(",")) {
      const words = normalise(term);
      const terms = term.trim().endsWith("*") ? beginnings : whole;
      const key = hash(words, 0, words.length, 0);
      if (words !== "") terms.set(key, [...(terms.get(key) ?? []), concept]);
    }
  }
  return {
    in(words) {
      const found = new Set<number>();
      for (let start = 0; start < words.length; start = nextWord(words, start)) {
        matchAt(words, start, whole, beginnings, found);
      }
      return [...found].sort((a, b) => a - b);
    },
  };
}

function matchAt(
  words: string,
  start: number,
  whole: ReadonlyMap<number, readonly number[]>,
  beginnings: ReadonlyMap<number, readonly number[]>,
  found: Set<number>,
): void {
  const last = Math.min(words.length, start + phraseCharsMax);
  let spaces = 0;
  for (let end = start + 1; end <= last; end++) {
    const atEdge = end === words.length || words.charCodeAt(end) === 32;
    const inFirstWord = spaces === 0 && end - start >= prefixCharsMin;
    if (atEdge || inFirstWord) {
      const key = hash(words, start, end, 0);
      if (inFirstWord) for (const concept of beginnings.get(key) ?? []) found.add(concept);
      if (atEdge) for (const concept of whole.get(key) ?? []) found.add(concept);
    }
    if (atEdge) spaces += 1;
    if (spaces === phraseWordsMax) return;
  }
}

function nextWord(words: string, start: number): number {
  const space = words.indexOf(" ", start);
  return space < 0 ? words.length : space + 1;
}
