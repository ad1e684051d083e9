import { createHash } from "node:crypto";

/** How a token is stored: a copy of the table signs nobody in (A6). */
export function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
