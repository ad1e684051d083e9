import { z } from "zod";
import type { PublicClient } from "../../../src/lib/fetch-public.ts";
import type { FetchedMedia } from "../../channel.ts";
import type { CloudClient } from "./client.ts";

/** Where Meta keeps media; the address is asked for by id and is good for five minutes. */
const hosts = ["lookaside.fbsbx.com", "*.fbcdn.net", "*.whatsapp.net"];
const mediaInfo = z.looseObject({ url: z.url(), file_size: z.number().optional() });

/** Fetches one of a customer's media: first its address, then its bytes, both with our token. Never throws. */
export async function fetchCloudMedia(
  deps: { readonly client: CloudClient; readonly http: PublicClient; readonly token: string },
  mediaId: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<FetchedMedia> {
  if (!/^\d{1,40}$/.test(mediaId)) return { outcome: "refused", reason: "not a media id" };
  const answer = await deps.client.get(mediaId, signal).catch(() => null);
  if (answer === null) return { outcome: "later", reason: "no answer" };
  // A token that ran out is the operator's to renew; Meta keeps the file for 30 days.
  if ([401, 403, 429].includes(answer.status) || answer.status >= 500) {
    return { outcome: "later", reason: `status ${answer.status}` };
  }
  const info = mediaInfo.safeParse(answer.json);
  if (answer.status !== 200 || !info.success) {
    return { outcome: "gone", reason: `status ${answer.status}` };
  }
  if ((info.data.file_size ?? 0) > limitBytes) return { outcome: "too-big", reason: `more than ${limitBytes} bytes` };
  const authorization = `Bearer ${deps.token}`;
  return deps.http.fetch({ url: info.data.url, hosts, authorization, limitBytes }, signal);
}
