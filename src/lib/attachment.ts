import type { FileReason, MediaKind, Part } from "./message.ts";

/** The same for agents and operators: what happened and, where there is something, what to do. */
const reasonWords: Readonly<Record<FileReason, string>> = {
  empty: "The file is empty.",
  "kind-not-allowed":
    "This kind of file is not accepted. Ask for a picture, a PDF, a text, an Office document, sound or video.",
  damaged: "The file is damaged or is not what it says it is.",
  "too-many-pixels": "The picture has too many pixels. Ask for a smaller one.",
  "too-big": "The file is bigger than 10 MB.",
  quota: "This conversation has used up its room for files.",
  gone: "The provider no longer has the file. Ask the customer to send it again.",
  refused: "The provider refused to hand over the file.",
  unreachable: "The file could not be fetched from the provider in several tries. Ask the customer to send it again.",
};

/** The present state of a file that a message refers to. */
export interface FileState {
  readonly id: string;
  readonly state: "pending" | "ready" | "failed" | "blocked";
  readonly mime: string | null;
  readonly size: number | null;
  readonly reason: FileReason | null;
}

/** A message's parts with the present state of their files: the message keeps what was true on arrival. */
export function withFileStates(parts: readonly Part[], files: readonly FileState[] | null): readonly Part[] {
  if (files === null || files.length === 0) return parts;
  const byId = new Map(files.map((file) => [file.id, file]));
  return parts.map((part) => {
    const file = part.t === "media" && part.assetId !== undefined ? byId.get(part.assetId) : undefined;
    if (file === undefined || part.t !== "media") return part;
    const mime = file.mime ?? part.mime;
    return {
      ...part,
      state: file.state,
      mime,
      // A voice message or a sticker stays what its channel said; anything else is what its bytes say.
      kind: file.mime === null || part.kind === "voice" || part.kind === "sticker" ? part.kind : kindOfMime(mime),
      ...(file.size === null ? {} : { size: file.size }),
      ...(file.reason === null ? {} : { reason: file.reason, why: reasonWords[file.reason] }),
    };
  });
}

export function kindOfMime(mime: string): MediaKind {
  const [type] = mime.split("/");
  return type === "image" || type === "audio" || type === "video" ? type : "document";
}

/** A file as it is handed out. */
export interface StoredFile {
  readonly id: string;
  readonly mime: string;
  readonly bytes: Buffer;
}

const extensions: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/gif": "gif",
  "image/webp": "webp",
  "application/pdf": "pdf",
  "text/plain": "txt",
  "text/csv": "csv",
  "video/mp4": "mp4",
  "video/mpeg": "mpg",
  "video/ogg": "ogv",
  "video/webm": "webm",
  "audio/mpeg": "mp3",
  "audio/mp4": "m4a",
  "audio/ogg": "ogg",
  "audio/webm": "webm",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
};

/** X3: whatever the bytes are, a browser saves them under a name of ours and runs nothing. `<img>` may still show pictures. */
export function fileHeaders(file: StoredFile, readers: "same-origin" | "cross-origin"): Record<string, string> {
  return {
    "content-type": file.mime,
    "content-length": String(file.bytes.length),
    "content-disposition": `attachment; filename="${file.id}.${extensions[file.mime] ?? "bin"}"`,
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": readers,
    "referrer-policy": "no-referrer",
    // A file never changes; on a shared computer it should not outlive the visit by much.
    "cache-control": "private, max-age=300, immutable",
  };
}

const nameMaxChars = 120;

/**
 * A file name that is safe to show: no path, no control, invisible or direction-turning characters (X4), a sensible
 * length with its ending kept. The name is for reading only; nothing is stored or served under it.
 */
export function cleanFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const visible = last
    .normalize("NFC")
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  const characters = [...visible];
  if (/^\.*$/.test(visible)) return "file";
  if (characters.length <= nameMaxChars) return visible;
  const ending = /\.[A-Za-z0-9]{1,8}$/.exec(visible)?.[0] ?? "";
  return `${characters.slice(0, nameMaxChars - ending.length - 1).join("")}…${ending}`;
}
