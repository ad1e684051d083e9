import type { FastifyReply } from "fastify";
import { z } from "zod";
import { signIn, signOut, useSetupLink } from "../agents/sessions.ts";
import { conflict, refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import type { SignInLimit } from "./sign-in-limit.ts";
import { agentIn, cookieName, tokenOf } from "./signed-in.ts";

export const agentShape = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(["agent", "admin"]),
});
export const newPassword = z.string().min(10).max(1_000);
export const agentName = z.string().trim().min(1).max(100);

const { 400: badRequest, 403: foreign, 429: tooMany, 503: unavailable } = refusals;
const openRefusals = { 400: badRequest, 403: foreign, 429: tooMany, 503: unavailable };

/** Signing in and out, and the one-time set-up: the only routes that need no session. */
export function sessionRoutes(routes: Routes, deps: InboxDeps, limit: SignInLimit): void {
  routes.post(
    "/session",
    {
      preHandler: limit,
      schema: {
        summary: "Sign in",
        security: [],
        body: z.object({ email: z.string().max(320), password: z.string().max(1_000) }),
        response: {
          200: z.object({ agent: agentShape, token: z.string() }),
          ...openRefusals,
          401: refusals[401].describe("WrongPassword: the address or the password is wrong."),
        },
      },
    },
    async (request, reply) => {
      const session = await signIn(deps.db, request.body.email, request.body.password);
      if (session === null) return refuse(reply, 401, "WrongPassword", "The address or the password is wrong.");
      return setCookie(reply, deps, session.token).send({ agent: session.agent, token: session.token });
    },
  );
  routes.delete(
    "/session",
    { schema: { summary: "Sign out", security: [], response: { 204: z.null(), ...openRefusals } } },
    async (request, reply) => {
      await signOut(deps.db, tokenOf(request));
      return reply.clearCookie(cookieName, { path: "/" }).status(204).send(null);
    },
  );
  routes.post(
    "/setup",
    {
      preHandler: limit,
      schema: {
        summary: "Create the first administrator with the one-time link",
        security: [],
        body: z.object({
          token: z.string().min(1).max(200),
          email: z.email(),
          name: agentName,
          password: newPassword,
        }),
        response: {
          200: z.object({ token: z.string() }),
          ...openRefusals,
          409: conflict("Exists: there is an agent with this address already; the link still works.", {}),
          410: refusals[404].describe("LinkUsed: the link was used or has expired."),
        },
      },
    },
    async (request, reply) => {
      const result = await useSetupLink(deps.db, request.body.token, request.body);
      switch (result.outcome) {
        case "made":
          return setCookie(reply, deps, result.token).send({ token: result.token });
        case "exists":
          return refuse(reply, 409, "Exists", "There is an agent with this address already. Choose another.");
        case "link-used":
          return refuse(reply, 410, "LinkUsed", linkUsed);
      }
    },
  );
}

const linkUsed = "This link was used or has expired. Start Everline again for a new one.";

export function whoAmIRoute(routes: Routes): void {
  routes.get(
    "/session",
    {
      schema: {
        summary: "Who is signed in",
        response: { 200: z.object({ agent: agentShape }), 401: refusals[401], 503: refusals[503] },
      },
    },
    async (request) => ({ agent: agentIn(request) }),
  );
}

/** Strict: the page itself needs no cookie, so that no link from elsewhere ever carries one. */
function setCookie(reply: FastifyReply, deps: InboxDeps, token: string): FastifyReply {
  const secure = deps.publicUrl().startsWith("https:");
  return reply.setCookie(cookieName, token, { path: "/", httpOnly: true, sameSite: "strict", secure });
}
