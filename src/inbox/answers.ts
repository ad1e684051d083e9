import type { FastifyReply } from "fastify";
import { z } from "zod";

/** Every refusal of the API: a word for programs, a sentence for the person who must act. */
const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The refusals that any signed-in route can give; routes add their own. */
export const refusals = {
  400: refusal.describe("The request is not understood."),
  401: refusal.describe("SignInNeeded: no session or token, or it has ended."),
  403: refusal.describe("ForeignOrigin, AdministratorsOnly or PeopleOnly."),
  404: refusal.describe("NotFound: the same for what is not there and what is not yours."),
  429: refusal.describe("TooManyTries: wait for Retry-After seconds."),
  503: refusal.describe("Unavailable: nothing was done; try again in a second."),
} as const;

/** A 409 with what the sender needs to decide again. */
export function conflict<Shape extends z.ZodRawShape>(words: string, shape: Shape) {
  return refusal.extend(shape).describe(words);
}

export function refuse(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
) {
  return reply.status(status).send({ error: { code, message }, ...more });
}

/** A3: the same words for a foreign, a missing and an unreadable id. */
export function notFound(
  reply: FastifyReply,
  what: "conversation" | "message" | "callback" | "agent" | "token" | "file" | "setting" | "article" | "call" | "offer",
) {
  return refuse(reply, 404, "NotFound", `There is no such ${what}.`);
}
