import multipart, { type MultipartFile } from "@fastify/multipart";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { PostedActivity } from "./activity.ts";

/** The same as for files from any channel. */
export const fileMaxBytes = 10 * 1024 * 1024;
export const filesPerMessageMax = 5;
/** An activity beside its files: Direct Line's own limit for one without. */
const activityMaxBytes = 256 * 1024;
/** Uploads are checked whole before anything is stored; this much may be in memory over all requests. */
const inMemoryMaxBytes = 128 * 1024 * 1024;

export interface UploadedFile {
  readonly name: string;
  readonly declaredMime: string;
  readonly bytes: Buffer;
}

export interface Upload {
  readonly activity: PostedActivity;
  readonly files: readonly UploadedFile[];
}

/** What is wrong with an upload, as Direct Line says it. */
export class UploadRefused extends Error {
  override readonly name = "UploadRefused";
  readonly status: 400 | 413 | 503;
  readonly code: string;
  constructor(status: 400 | 413 | 503, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Makes this scope take bodies as streams: forms with files, and anything else as one file. */
export async function takeStreams(scope: FastifyInstance): Promise<void> {
  scope.removeAllContentTypeParsers();
  await scope.register(multipart, {
    limits: {
      fileSize: fileMaxBytes,
      files: filesPerMessageMax + 1,
      fields: 1,
      fieldSize: activityMaxBytes,
      parts: 10,
    },
  });
  scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
}

export type ReadUpload = (request: FastifyRequest) => Promise<{ readonly upload: Upload; release(): void }>;

/**
 * A reader of whole uploads. It throws UploadRefused, and whatever a connection that breaks off throws, so nothing half
 * read is kept. The memory that an upload holds is given back by `release`, to be called when it was dealt with.
 */
export function createUploadReader(): ReadUpload {
  let inMemoryBytes = 0;
  return async (request) => {
    let mine = 0;
    const release = (): void => {
      inMemoryBytes -= mine;
      mine = 0;
    };
    const take = (bytes: number): void => {
      if (inMemoryBytes + bytes > inMemoryMaxBytes)
        throw new UploadRefused(
          503,
          "Unavailable",
          "Many files are on their way at the moment. Try again in a second.",
        );
      mine += bytes;
      inMemoryBytes += bytes;
    };
    try {
      const upload = request.isMultipart() ? await readForm(request, take) : await readRaw(request, take);
      if (upload.files.length === 0)
        throw new UploadRefused(400, "MissingProperty", "There is no file in this upload.");
      return { upload, release };
    } catch (error) {
      release();
      throw error;
    }
  };
}

async function readForm(request: FastifyRequest, take: (bytes: number) => void): Promise<Upload> {
  let activity: PostedActivity = { type: "message" };
  const files: UploadedFile[] = [];
  for await (const part of request.parts()) {
    if (part.type === "field") {
      if (part.fieldname === "activity") activity = parseActivity(String(part.value));
      continue;
    }
    const bytes = await readPart(part, take);
    // Browsers send the activity as a blob, which makes it look like a file.
    if (part.fieldname === "activity" || part.mimetype === "application/vnd.microsoft.activity") {
      if (bytes.length > activityMaxBytes)
        throw new UploadRefused(413, "MessageSizeTooBig", "The activity is too big.");
      activity = parseActivity(bytes.toString("utf8"));
    } else if (files.length < filesPerMessageMax) {
      files.push({ name: part.filename ?? "", declaredMime: part.mimetype, bytes });
    } else {
      throw new UploadRefused(413, "TooManyFiles", `A message has at most ${filesPerMessageMax} files.`);
    }
  }
  return { activity, files };
}

async function readPart(part: MultipartFile, take: (bytes: number) => void): Promise<Buffer> {
  const bytes = await collect(part.file, take);
  if (part.file.truncated) throw tooBig();
  return bytes;
}

/** One file as the whole body; its name may stand in Content-Disposition. */
async function readRaw(request: FastifyRequest, take: (bytes: number) => void): Promise<Upload> {
  // Without a body there is no stream.
  const body = (request.body ?? []) as AsyncIterable<Buffer>;
  const bytes = await collect(body, take);
  const disposition = request.headers["content-disposition"] ?? "";
  const name = /filename="([^"]*)"/i.exec(disposition)?.[1] ?? "";
  const declaredMime = request.headers["content-type"] ?? "application/octet-stream";
  return { activity: { type: "message" }, files: [{ name, declaredMime, bytes }] };
}

async function collect(stream: AsyncIterable<Buffer>, take: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    take(chunk.length);
    size += chunk.length;
    if (size > fileMaxBytes) throw tooBig();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooBig(): UploadRefused {
  return new UploadRefused(413, "FileTooBig", "A file has at most 10 MB.");
}

function parseActivity(text: string): PostedActivity {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Said below, like any other shape that is no activity.
  }
  throw new UploadRefused(400, "BadArgument", 'The part "activity" is not a JSON object.');
}
