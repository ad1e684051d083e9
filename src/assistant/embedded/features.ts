/** Buckets of the hashed feature space; 2^17 keeps collisions below 1 % for our samples. */
export const bucketCount = 1 << 17;

/** Lower case, compatibility forms folded, accents removed, everything but letters and digits a space. */
export function normalise(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^\p{L}\p{Nd}]+/gu, " ")
    .trim();
}

/**
 * Hashed features of a text: words, pairs of neighbouring words, and 2 to 5 characters inside each word's edges.
 * Returns distinct buckets with their weights 1 + log(count), in a shared buffer that the next call overwrites.
 */
export function extract(text: string, into: FeatureBuffer): void {
  into.clear();
  const words = normalise(text).split(" ");
  let previous = 0;
  for (const word of words) {
    if (word === "") continue;
    const hash = hashOf(word, 0, word.length, 1);
    into.add(hash);
    if (previous !== 0) into.add(Math.imul(previous ^ hash, 0x9e3779b1) ^ 0x5bd1e995);
    previous = hash;
    const padded = ` ${word} `;
    for (let size = 2; size <= 5; size++) {
      for (let at = 0; at + size <= padded.length; at++) into.add(hashOf(padded, at, at + size, 2));
    }
  }
}

export class FeatureBuffer {
  readonly buckets = new Int32Array(2048);
  readonly counts = new Float32Array(2048);
  length = 0;
  private readonly position = new Int32Array(bucketCount).fill(-1);

  clear(): void {
    for (let index = 0; index < this.length; index++) this.position[this.buckets[index] ?? 0] = -1;
    this.length = 0;
  }

  add(hash: number): void {
    const bucket = (hash >>> 0) & (bucketCount - 1);
    const at = this.position[bucket] ?? -1;
    if (at >= 0) this.counts[at] = (this.counts[at] ?? 0) + 1;
    else if (this.length < this.buckets.length) {
      this.position[bucket] = this.length;
      this.buckets[this.length] = bucket;
      this.counts[this.length] = 1;
      this.length += 1;
    }
  }
}

/** FNV-1a over UTF-16 code units, then mixed. */
function hashOf(text: string, from: number, to: number, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}
