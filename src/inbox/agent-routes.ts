import { z } from "zod";
import { editAgent, listAgents } from "../agents/agents.ts";
import { createAgent } from "../agents/sessions.ts";
import { createToken, listTokens, revokeToken } from "../agents/tokens.ts";
import { isId } from "../lib/ids.ts";
import { languageCodes, teamName } from "../settings/hours.ts";
import { administratorsOnly } from "./administrators-only.ts";
import { conflict, notFound, refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { agentName, agentShape, newPassword } from "./session-routes.ts";
import { agentIn } from "./signed-in.ts";

/** A machine's token is renewed like a password: a quarter by default, a year at most. */
const tokenDays = { usual: 90, max: 366 } as const;

const params = z.object({ id: z.string().max(64) });
const role = z.enum(["agent", "admin"]);
const skilled = agentShape.extend({
  languages: z
    .array(z.string())
    .readonly()
    .describe("What calls in these languages are offered to first; empty: every language."),
  team: z.string().describe("By its name in the setting `hours`; empty: the usual team."),
});

/** The agents: whom to assign to, and what administrators change. */
export function agentRoutes(routes: Routes, deps: InboxDeps): void {
  routes.get(
    "/agents",
    {
      schema: {
        summary: "The agents",
        response: { 200: z.object({ agents: z.array(skilled) }), 401: refusals[401], 503: refusals[503] },
      },
    },
    async () => ({ agents: await listAgents(deps.db) }),
  );
  routes.post(
    "/agents",
    {
      onRequest: administratorsOnly,
      schema: {
        summary: "Add an agent (administrators)",
        body: z.object({ email: z.email(), name: agentName, role: role.default("agent"), password: newPassword }),
        response: {
          201: z.object({ agent: agentShape }),
          ...refusals,
          409: conflict("Exists: there is an agent with this address already.", {}),
        },
      },
    },
    async (request, reply) => {
      const agent = await createAgent(deps.db, request.body, agentIn(request).id);
      return agent === null
        ? refuse(reply, 409, "Exists", "There is an agent with this address already.")
        : reply.status(201).send({ agent });
    },
  );
  routes.patch(
    "/agents/:id",
    {
      onRequest: administratorsOnly,
      schema: {
        summary: "Change an agent (administrators); disabling them or a new password signs them out everywhere",
        params,
        body: z.object({
          name: agentName.optional(),
          role: role.optional(),
          disabled: z.boolean().optional(),
          password: newPassword.optional(),
          languages: languageCodes.optional(),
          team: teamName.optional(),
        }),
        response: {
          200: z.object({ agent: skilled }),
          ...refusals,
          409: conflict("LastAdministrator: there would be nobody left who can change this back.", {}),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!isId(id)) return notFound(reply, "agent");
      const { team } = request.body;
      if (team !== undefined && team !== "" && !(await teamNames(deps)).includes(team))
        return refuse(reply, 400, "NoSuchTeam", "There is no team of this name. Add it to the hours first.");
      const result = await editAgent(deps.db, agentIn(request).id, id, request.body);
      if (result.outcome !== "edited")
        return result.outcome === "not-found"
          ? notFound(reply, "agent")
          : refuse(reply, 409, "LastAdministrator", "This is the last administrator. Make another one first.");
      for (const conversationId of result.released) deps.live.publish(conversationId);
      return reply.send({ agent: result.agent });
    },
  );
  tokenRoutes(routes, deps);
}

async function teamNames({ calls }: InboxDeps): Promise<string[]> {
  return (await calls.hours()).teams.map(({ name }) => name);
}

function tokenRoutes(routes: Routes, deps: InboxDeps): void {
  routes.get(
    "/tokens",
    {
      onRequest: administratorsOnly,
      schema: {
        summary: "The machines' tokens (administrators); never the tokens themselves",
        response: {
          200: z.object({
            tokens: z.array(
              z.object({
                id: z.string(),
                name: z.string(),
                role,
                createdAt: z.date(),
                expiresAt: z.date(),
                revokedAt: z.date().nullable(),
              }),
            ),
          }),
          401: refusals[401],
          403: refusals[403],
          503: refusals[503],
        },
      },
    },
    async () => ({ tokens: await listTokens(deps.db) }),
  );
  routes.post(
    "/tokens",
    {
      onRequest: administratorsOnly,
      schema: {
        summary: "Make a token for a machine (administrators); it is shown this once",
        body: z.object({
          name: agentName.describe("What the machine is called wherever it writes."),
          role: role.default("agent"),
          days: z.number().int().min(1).max(tokenDays.max).default(tokenDays.usual),
        }),
        response: {
          201: z.object({ id: z.string(), agentId: z.string(), token: z.string(), expiresAt: z.date() }),
          ...refusals,
        },
      },
    },
    async (request, reply) => reply.status(201).send(await createToken(deps.db, agentIn(request).id, request.body)),
  );
  routes.delete(
    "/tokens/:id",
    {
      onRequest: administratorsOnly,
      schema: {
        summary: "End a machine's token at once (administrators)",
        params,
        response: { 204: z.null(), ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const by = agentIn(request).id;
      const machine = isId(id) ? await revokeToken(deps.db, by, id) : null;
      if (machine === null) return notFound(reply, "token");
      const left = await editAgent(deps.db, by, machine, { disabled: true });
      if (left.outcome === "edited") for (const one of left.released) deps.live.publish(one);
      return reply.status(204).send(null);
    },
  );
}
