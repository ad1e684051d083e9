import type { IncomingHttpHeaders } from "node:http";

/**
 * A7: did one of our own pages send this form? Browsers say so with every POST and a foreign site cannot forge it. Our
 * pages send no referrer, and then Origin is "null": what the browser says in Sec-Fetch-Site counts.
 */
export function isFromOurPage(publicUrl: string, { headers }: { readonly headers: IncomingHttpHeaders }): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origin === "null") return headers["sec-fetch-site"] === "same-origin";
  return URL.canParse(origin) && (origin === new URL(publicUrl).origin || new URL(origin).host === host);
}
