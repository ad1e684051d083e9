/** Refused before a byte was sent: nothing can have been accepted. Anything later may have been. */
const beforeSending = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

/** What a call that threw tells: its code, and whether the other side can have taken it. */
export function brokenCall(error: unknown): { readonly code: string; readonly maybeTaken: boolean } {
  const code = error instanceof Error && "code" in error ? String(error.code) : "no-answer";
  return { code, maybeTaken: !beforeSending.has(code) };
}
