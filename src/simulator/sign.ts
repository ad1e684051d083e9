import { createHmac } from "node:crypto";

/**
 * Signs as Twilio documents it, written apart from the service's own verifier on purpose: a mistake made twice in one
 * function would prove nothing.
 */
export function twilioSignature(authToken: string, url: string, form: ReadonlyMap<string, string> | null): string {
  let data = url;
  if (form !== null) for (const name of [...form.keys()].sort()) data += name + (form.get(name) ?? "");
  return createHmac("sha1", authToken).update(data, "utf8").digest("base64");
}

export function metaSignature(appSecret: string, body: string): string {
  return `sha256=${createHmac("sha256", appSecret).update(body, "utf8").digest("hex")}`;
}

/** Meta escapes everything beyond ASCII before signing; a verifier that re-serialises JSON breaks on exactly this. */
export function metaJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
