import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse } from "./answers.ts";
import { bearerOf, cookieName } from "./signed-in.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * A7: a request that changes something, or opens a socket, must come from a page of ours. A browser says so in Origin,
 * always; programs with a bearer token have none, and nothing to steal.
 */
export async function requireOurOrigin(
  publicUrl: () => string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const changes = !safeMethods.has(request.method) || request.headers.upgrade !== undefined;
  if (!changes || isOurs(publicUrl(), request)) return undefined;
  return refuse(reply, 403, "ForeignOrigin", "This request came from another site.");
}

function isOurs(publicUrl: string, request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (origin !== undefined)
    return URL.canParse(origin) && (origin === new URL(publicUrl).origin || new URL(origin).host === host);
  return bearerOf(request) !== null || request.cookies[cookieName] === undefined;
}
