import type { Db } from "../db/client.ts";
import { cleanFileName, kindOfMime } from "../lib/attachment.ts";
import { maskCards } from "../lib/mask.ts";
import type { MediaPart } from "../lib/message.ts";
import { inspectFile } from "./inspect.ts";
import { type NewFile, storeUpload } from "./store.ts";

/** A file as a customer's browser sent it; `id` is the same when the upload is repeated. */
export interface UploadedFile {
  readonly id: string;
  readonly name: string;
  readonly declaredMime: string;
  readonly bytes: Buffer;
}

/** Judges and keeps the files of one message before it is stored, and gives its parts; "quota" when there is no room. */
export async function takeUpload(
  db: Db,
  conversationId: string,
  files: readonly UploadedFile[],
): Promise<readonly MediaPart[] | "quota"> {
  const judged: NewFile[] = await Promise.all(
    files.map(async (file) => ({
      ...file,
      name: maskCards(cleanFileName(file.name)),
      declaredMime: cleanFileName(file.declaredMime),
      verdict: await inspectFile(file.bytes, file.name),
    })),
  );
  const outcome = await storeUpload(db, conversationId, judged);
  return outcome === "quota" ? outcome : judged.map(toPart);
}

function toPart({ id, name, bytes, verdict }: NewFile): MediaPart {
  const mime = verdict.state === "ready" ? verdict.mime : "application/octet-stream";
  return { t: "media", kind: kindOfMime(mime), mime, assetId: id, name, size: bytes.length, state: verdict.state };
}
