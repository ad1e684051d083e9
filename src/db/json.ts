import type { JSONValue } from "postgres";

/** Tells the driver's types that a plain object of ours is JSON; dates must already be text. */
export function asJson(value: object): JSONValue {
  return value as JSONValue;
}

/** JSON.stringify writes whole pairs as they are, so these are halves of one, or NUL: jsonb refuses both. */
const refused = /(?<!\\)((?:\\\\)*)\\u(?:d[89a-f][0-9a-f]{2}|0000)/g;

/** A value as `jsonb` takes it: what cannot be stored as a character is stored as the mark for that, and nothing is lost. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes("\\u") ? text.replace(refused, "$1\ufffd") : text;
}
