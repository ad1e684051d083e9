import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type BuildOptions, type BuildResult, build, type OutputFile, stop } from "esbuild";
import type { FastifyReply, FastifyRequest } from "fastify";

/** A file as browsers get it, compressed once. */
export interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly brotli: Buffer;
}

let running = 0;

/** The text of one entry point with all it imports, minified for the browsers of the last two years. */
export async function bundle(entry: string, options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await run(entry, options);
  return outputFiles[0]?.text ?? "";
}

/** A script whose dynamic imports are files of their own, named by what is in them; `first` are those it starts with. */
export async function bundleParts(
  entry: string,
  options: BuildOptions,
): Promise<{ readonly first: readonly string[]; readonly files: ReadonlyMap<string, string> }> {
  const names = { entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]" };
  const { outputFiles, metafile } = await run(entry, {
    ...options,
    ...names,
    format: "esm",
    splitting: true,
    outdir: "/",
    metafile: true,
  });
  const files = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const outputs = Object.entries(metafile?.outputs ?? {});
  const first = outputs.flatMap(([path, { entryPoint, imports }]) =>
    entryPoint !== undefined && resolve(entryPoint) === resolve(entry)
      ? [path, ...imports.flatMap((one) => (one.kind === "import-statement" ? [one.path] : []))]
      : [],
  );
  return { first: first.map((path) => basename(path)), files };
}

async function run(entry: string, options: BuildOptions): Promise<BuildResult & { outputFiles: OutputFile[] }> {
  running += 1;
  try {
    return await build({
      ...options,
      entryPoints: [entry],
      bundle: true,
      minify: true,
      write: false,
      charset: "utf8",
      legalComments: "none",
      target: "esnext",
      logLevel: "silent",
    });
  } finally {
    running -= 1;
    // The bundler is a program of its own, which would stay in memory for nothing.
    if (running === 0) await stop();
  }
}

export function asset(text: string, type: string): Asset {
  const plain = Buffer.from(text);
  const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 16)}"`;
  return { type, etag, plain, gzip: gzipSync(plain, { level: 9 }), brotli: brotliCompressSync(plain) };
}

/** A part of a file's address that changes with its content, so that it may be kept for ever. */
export function fingerprint({ etag }: Asset): string {
  return etag.slice(1, 11);
}

/** Answers with what the browser does not have yet, in the smallest form that it can read. */
export function sendAsset(request: FastifyRequest, reply: FastifyReply, file: Asset, cacheControl: string) {
  void reply.type(file.type).header("cache-control", cacheControl).header("etag", file.etag);
  void reply.header("vary", "Accept-Encoding");
  if (request.headers["if-none-match"]?.includes(file.etag)) return reply.status(304).send();
  const accepted = request.headers["accept-encoding"] ?? "";
  if (/\bbr\b/.test(accepted)) return reply.header("content-encoding", "br").send(file.brotli);
  if (/\bgzip\b/.test(accepted)) return reply.header("content-encoding", "gzip").send(file.gzip);
  return reply.send(file.plain);
}
