import type { Lexicon } from "./lexicon.ts";
import { hash, mix, normalise } from "./text.ts";

/** Buckets of the hashed feature space; 2^17 keeps collisions below 2 % for our samples. */
export const bucketCount = 1 << 17;
/** More distinct features than this come from texts of several thousand letters; their rest changes nothing. */
const featuresMax = 4096;
const shortestPiece = 2;
const longestPiece = 5;
/** A concept says as much as this many mentions of a word, two concepts together as much as the second number. */
const conceptCount = 6;
const pairCount = 3;

/**
 * The features of one text at a time: words, pairs of neighbouring words, pieces of 2 to 5 characters, the concepts
 * named, and pairs of these. `buckets` and `counts` hold `length` distinct features until the next text.
 */
export class FeatureBuffer {
  readonly buckets = new Int32Array(featuresMax);
  readonly counts = new Float32Array(featuresMax);
  length = 0;
  private readonly place = new Uint16Array(bucketCount);

  read(text: string, { spelling, concepts }: Lexicon): void {
    this.clear();
    const words = spelling.correct(normalise(text));
    this.addWords(words);
    this.addConcepts(concepts.in(words));
  }

  private clear(): void {
    for (let index = 0; index < this.length; index++) this.place[this.buckets[index] ?? 0] = 0;
    this.length = 0;
  }

  private addWords(words: string): void {
    let previous = 0;
    for (let start = 0; start < words.length; ) {
      const space = words.indexOf(" ", start);
      const end = space < 0 ? words.length : space;
      const word = hash(words, start, end, 1);
      this.add(word, 1);
      if (previous !== 0) this.add(pairOf(previous, word), 1);
      previous = word;
      this.addPieces(words, start, end);
      start = end + 1;
    }
  }

  /** Pieces reach over the word's edges by one space, so that beginnings and endings are told from middles. */
  private addPieces(words: string, start: number, end: number): void {
    // Where words are not spaced apart, one letter is a word of its own.
    const shortest = words.charCodeAt(start) >= firstIdeograph ? 1 : shortestPiece;
    for (let from = start - 1; from < end; from++) {
      let value = pieceSeed;
      const last = Math.min(end, from + longestPiece - 1);
      for (let at = from; at <= last; at++) {
        value = Math.imul(value ^ (at < start || at >= end ? space : words.charCodeAt(at)), 0x01000193);
        if (at - from + 1 >= shortest) this.add(mix(value), 1);
      }
    }
  }

  private addConcepts(found: readonly number[]): void {
    for (let first = 0; first < found.length; first++) {
      this.add(found[first] ?? 0, conceptCount);
      for (let second = first + 1; second < found.length; second++) {
        this.add(pairOf(found[first] ?? 0, found[second] ?? 0), pairCount);
      }
    }
  }

  private add(feature: number, count: number): void {
    const bucket = (feature >>> 0) & (bucketCount - 1);
    const place = this.place[bucket] ?? 0;
    if (place > 0) {
      this.counts[place - 1] = (this.counts[place - 1] ?? 0) + count;
    } else if (this.length < featuresMax) {
      this.buckets[this.length] = bucket;
      this.counts[this.length] = count;
      this.length += 1;
      this.place[bucket] = this.length;
    }
  }
}

const space = 32;
/** From here on (CJK radicals) scripts write without spaces. */
const firstIdeograph = 0x2e80;
const pieceSeed = 0x811c9dc5 ^ 2;

function pairOf(first: number, second: number): number {
  return Math.imul(first ^ Math.imul(second, 0x9e3779b1), 0x85ebca6b) ^ 0x5bd1e995;
}
