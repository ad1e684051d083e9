import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse } from "./answers.ts";
import { isMachine } from "./signed-in.ts";

/** A route's check for what only somebody who sits there may do: nobody waits for a machine. */
export async function peopleOnly(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (!isMachine(request)) return undefined;
  return refuse(reply, 403, "PeopleOnly", "Sign in as a person: a token takes no calls and has no conversations.");
}
