import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse } from "./answers.ts";
import { agentIn } from "./signed-in.ts";

/** A route's check for what only administrators may do; it runs before the body is read. */
export async function administratorsOnly(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (agentIn(request).role === "admin") return undefined;
  return refuse(reply, 403, "AdministratorsOnly", "Ask an administrator to do this.");
}
