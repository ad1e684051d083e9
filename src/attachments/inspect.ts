import { fileTypeFromBuffer } from "file-type";
import type { FileReason } from "../lib/message.ts";
import { pictureSize } from "./picture-size.ts";
import { isSoundOnly } from "./sound-only.ts";
import { zipNames } from "./zip-names.ts";

/** The brief's limit and what providers take; a photograph of a telephone is far below. */
export const fileMaxBytes = 10 * 1024 * 1024;
/** Four bytes a pixel: 160 MB in the browser that shows it. Telephones make 12 to 24 million. */
const pixelsMax = 40_000_000;

export type Verdict =
  | { readonly state: "ready"; readonly mime: string }
  | { readonly state: "blocked"; readonly reason: FileReason };

/**
 * What a file is by its bytes, and whether we keep it (X3). The name can only make us refuse; neither it nor the
 * declared type can make us accept. Nothing is decoded, unpacked or run.
 */
export async function inspectFile(bytes: Buffer, name: string): Promise<Verdict> {
  if (bytes.length === 0) return blocked("empty");
  if (bytes.length > fileMaxBytes) return blocked("too-big");
  if (runnable.test(name)) return blocked("kind-not-allowed");
  // Archives never reach the library: it would unpack an entry to tell documents apart.
  if (bytes.subarray(0, 2).toString("latin1") === "PK") return inspectArchive(bytes);
  // The mark of a UTF-16 text is also the beginning of a sound frame.
  if (wideEncoding(bytes) !== null && decodeText(bytes) !== null) return inspectText(bytes, name);
  const found = await typeOf(bytes);
  if (found === "damaged") return blocked("damaged");
  if (found === null) return inspectText(bytes, name);
  const mime = accepted[found];
  if (mime === undefined) return blocked("kind-not-allowed");
  if (mime.startsWith("image/")) return inspectPicture(bytes, mime);
  return { state: "ready", mime: isSoundOnly(bytes, mime) ? mime.replace("video", "audio") : mime };
}

/** Names that a double click runs, whatever is inside. */
const runnable =
  /\.(?:app|bat|cmd|com|cpl|dll|exe|gadget|hta|html?|jar|js|jse|lnk|mht|mhtml|mjs|msi|pif|ps1|psm1|reg|scr|sh|svgz?|url|vbe?|vbs|wsf|xht|xhtml|xml)$/i;

/** By the library's names; several of them are one kind. */
const accepted: Readonly<Record<string, string>> = {
  "image/jpeg": "image/jpeg",
  "image/png": "image/png",
  "image/apng": "image/png",
  "image/gif": "image/gif",
  "image/webp": "image/webp",
  "application/pdf": "application/pdf",
  "video/mp4": "video/mp4",
  "video/x-m4v": "video/mp4",
  "video/mpeg": "video/mpeg",
  "video/MP1S": "video/mpeg",
  "video/MP2P": "video/mpeg",
  "video/ogg": "video/ogg",
  "video/webm": "video/webm",
  "audio/mpeg": "audio/mpeg",
  "audio/mp4": "audio/mp4",
  "audio/x-m4a": "audio/mp4",
  "audio/ogg": "audio/ogg",
  "audio/ogg; codecs=opus": "audio/ogg",
  "audio/webm": "audio/webm",
};

async function typeOf(bytes: Buffer): Promise<string | "damaged" | null> {
  try {
    return (await fileTypeFromBuffer(bytes))?.mime ?? null;
  } catch {
    // The library throws on some cut-off files; whatever this was, nobody could open it.
    return "damaged";
  }
}

function inspectPicture(bytes: Buffer, mime: string): Verdict {
  const size = pictureSize(bytes, mime);
  if (size === null) return blocked("damaged");
  return size.width * size.height > pixelsMax ? blocked("too-many-pixels") : { state: "ready", mime };
}

const office = "application/vnd.openxmlformats-officedocument";
const documents: readonly (readonly [string, string])[] = [
  ["word/document.xml", `${office}.wordprocessingml.document`],
  ["xl/workbook.xml", `${office}.spreadsheetml.sheet`],
  ["ppt/presentation.xml", `${office}.presentationml.presentation`],
];

/** Office documents are archives with a known table of contents; those with programs in them (macros) are not taken. */
function inspectArchive(bytes: Buffer): Verdict {
  const names = zipNames(bytes);
  if (names === null) return blocked("damaged");
  if (
    !names.includes("[Content_Types].xml") ||
    names.some((name) => /vbaProject|activeX|\.(?:exe|js|vbs)$/i.test(name))
  )
    return blocked("kind-not-allowed");
  const mime = documents.find(([main]) => names.includes(main))?.[1];
  return mime === undefined ? blocked("kind-not-allowed") : { state: "ready", mime };
}

/** What a browser could take for a page of ours if it ever looked past the type we serve it with. */
const markup = /<(?:!doctype|body|embed|head|html|iframe|link|meta|object|script|style|svg)(?=[\s/>])/i;
const markupWithin = 64 * 1024;

function inspectText(bytes: Buffer, name: string): Verdict {
  const text = decodeText(bytes);
  if (text === null) return blocked("kind-not-allowed");
  const start = text.slice(0, markupWithin);
  if (markup.test(start) || /^\s*(?:<|#!|@echo off)/i.test(start)) return blocked("kind-not-allowed");
  return { state: "ready", mime: /\.csv$/i.test(name) ? "text/csv" : "text/plain" };
}

/** The text of a file without control characters in UTF-8, UTF-16 with its mark, or an 8-bit Western code; else null. */
function decodeText(bytes: Buffer): string | null {
  const wide = wideEncoding(bytes);
  for (const encoding of wide === null ? ["utf-8", "windows-1252"] : [wide]) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point.
      if (!/[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufffe\uffff]/.test(text)) return text;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return null;
}

function wideEncoding(bytes: Buffer): "utf-16le" | "utf-16be" | null {
  const mark = bytes.toString("hex", 0, 2);
  return mark === "fffe" ? "utf-16le" : mark === "feff" ? "utf-16be" : null;
}

function blocked(reason: FileReason): Verdict {
  return { state: "blocked", reason };
}
