import type { FastifyReply, FastifyRequest } from "fastify";
import { type Agent, agentOf, type PresentAgent } from "../agents/sessions.ts";
import { machineOf, tokenPrefix } from "../agents/tokens.ts";
import type { Db } from "../db/client.ts";
import { refuse } from "./answers.ts";

export const cookieName = "everline_session";

const agents = new WeakMap<FastifyRequest, Agent>();

/** The check in front of every signed-in route, the socket included (A2). */
export async function requireAgent(db: Db, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const token = tokenOf(request);
  // An open page reads by itself; who changes something is there.
  const agent = await whoIs(db, token, request.method !== "GET");
  if (agent === null) return refuse(reply, 401, "SignInNeeded", token === "" ? "Sign in first." : ended);
  agents.set(request, agent);
  return undefined;
}

const ended = "Your session has ended. Sign in again.";

/** The person behind a session or the machine behind a token; null when it has ended, was revoked or never was. */
export function whoIs(db: Db, token: string, isUsed: boolean): Promise<PresentAgent | null> {
  return token.startsWith(tokenPrefix) ? machineOf(db, token) : agentOf(db, token, isUsed);
}

/** Who sent this request; every signed-in route has one. */
export function agentIn(request: FastifyRequest): Agent {
  const agent = agents.get(request);
  if (agent === undefined) throw new Error("A route ran without its sign-in check.");
  return agent;
}

/** Is it a program with a token of its own, and not a person's session? */
export function isMachine(request: FastifyRequest): boolean {
  return tokenOf(request).startsWith(tokenPrefix);
}

export function tokenOf(request: FastifyRequest): string {
  return bearerOf(request) ?? request.cookies[cookieName] ?? "";
}

/** True when the request says who it is by a header, which no foreign page can make a browser send. */
export function bearerOf(request: FastifyRequest): string | null {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? null;
}
