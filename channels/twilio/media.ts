import type { PublicClient } from "../../src/lib/fetch-public.ts";
import type { FetchedMedia } from "../channel.ts";

/** Twilio's own hosts, and the storage that they redirect to. */
const hosts = ["api.twilio.com", "*.twiliocdn.com", "s3-external-1.amazonaws.com"];

/** Fetches one medium by the address that Twilio gave. Only Twilio sees our credentials (N2). Never throws. */
export async function fetchTwilioMedia(
  deps: { readonly http: PublicClient; readonly authorization: string; readonly apiUrl: string | null },
  url: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<FetchedMedia> {
  const api = deps.apiUrl ?? "https://api.twilio.com";
  if (!url.startsWith(`${api}/`)) return { outcome: "refused", reason: "not an address of Twilio's API" };
  return deps.http.fetch({ url, hosts, authorization: deps.authorization, limitBytes }, signal);
}
