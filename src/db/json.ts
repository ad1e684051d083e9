import type { JSONValue } from "postgres";

/** Tells the driver's types that a plain object of ours is JSON; dates must already be text. */
export function asJson(value: object): JSONValue {
  return value as JSONValue;
}
