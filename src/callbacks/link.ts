import { createHmac, timingSafeEqual } from "node:crypto";

/** Longer than any promise holds, so that the link in the last message still offers a new time. */
const validForMs = 100 * 86_400_000;
const macBytes = 16;
const purpose = "everline-call-link:";

/**
 * The address part that lets its holder see, move or cancel one callback (A6): signed, expiring, nothing to guess. It is
 * the same for the same day, so that it need not be kept anywhere.
 */
export function callToken(key: Buffer, callbackId: string, now: number): string {
  const until = Math.ceil((now + validForMs) / 86_400_000);
  const head = Buffer.alloc(20);
  Buffer.from(callbackId.replaceAll("-", ""), "hex").copy(head);
  head.writeUInt32BE(until, 16);
  return Buffer.concat([head, mac(key, head)]).toString("base64url");
}

/** Which callback a link is about; null when it is not one of ours or has expired. Constant time. */
export function readCallToken(key: Buffer, token: string, now: number): string | null {
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length !== 20 + macBytes) return null;
  const head = bytes.subarray(0, 20);
  if (!timingSafeEqual(bytes.subarray(20), mac(key, head))) return null;
  if (head.readUInt32BE(16) * 86_400_000 < now) return null;
  const hex = head.subarray(0, 16).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function mac(key: Buffer, head: Buffer): Buffer {
  return createHmac("sha256", key).update(purpose).update(head).digest().subarray(0, macBytes);
}
