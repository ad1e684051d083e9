/** Lower case, compatibility forms folded, accents removed, everything but letters and digits one space. */
export function normalise(text: string): string {
  const lower = text.toLowerCase();
  // Folding costs more than all the rest, and plain ASCII has nothing to fold.
  const folded = /[^\0-\x7f]/.test(lower) ? lower.normalize("NFKD").replace(/\p{M}+/gu, "") : lower;
  return folded.replace(/[^\p{L}\p{Nd}]+/gu, " ").trim();
}

/** FNV-1a over UTF-16 code units, then mixed. */
export function hash(text: string, from: number, to: number, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (let at = from; at < to; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return mix(value);
}

/** Spreads the bits of a number that comes from letters. */
export function mix(value: number): number {
  let mixed = value ^ (value >>> 15);
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  return mixed ^ (mixed >>> 12);
}
