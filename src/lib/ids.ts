import { createHmac, randomFillSync } from "node:crypto";

/** Random bytes are fetched for many ids at once: a call to the system costs more than the rest of an id. */
const pool = Buffer.alloc(4_096);
const bytesPerId = 16;
let used = pool.length;

function randomPart(): Buffer {
  if (used + bytesPerId > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytesPerId;
  return pool.subarray(used - bytesPerId, used);
}

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random; sorts by time, cannot be guessed. */
export function newId(now: number = Date.now()): string {
  const bytes = randomPart();
  bytes.writeUIntBE(now, 0, 6);
  return format(bytes, 0x70);
}

/** The same id for the same words (UUIDv8), so that a repeated request names the same thing; not to be guessed without the key. */
export function derivedId(key: Buffer, words: readonly (string | number)[]): string {
  return format(createHmac("sha256", key).update(JSON.stringify(words)).digest().subarray(0, 16), 0x80);
}

function format(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | version;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Is this text an id at all? What is not one is answered like an id that does not exist (A3). */
export function isId(text: unknown): text is string {
  return typeof text === "string" && uuid.test(text);
}
