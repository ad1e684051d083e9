import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";

const zip = promisify(gzip);
/** Smaller answers fit into one packet anyway. */
const gzipMinBytes = 1_000;

/** Sends a text that browsers may keep but ask about (304), small over the wire where the browser unpacks it. */
export async function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  body: string,
  type = "text/html; charset=utf-8",
): Promise<FastifyReply> {
  const etag = `W/"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  void reply.header("etag", etag).header("vary", varyOf(reply));
  if (!reply.hasHeader("cache-control")) void reply.header("cache-control", "no-cache");
  if (reply.statusCode === 200 && request.headers["if-none-match"] === etag) return reply.status(304).send();
  void reply.type(type);
  const zips = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? "")) && body.length >= gzipMinBytes;
  if (!zips) return reply.send(body);
  return reply.header("content-encoding", "gzip").send(await zip(body));
}

function varyOf(reply: FastifyReply): string {
  const before = reply.getHeader("vary");
  return before === undefined ? "Accept-Encoding" : `${String(before)}, Accept-Encoding`;
}
