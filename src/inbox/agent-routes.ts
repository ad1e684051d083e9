import { z } from "zod";
import { listAgents } from "../agents/agents.ts";
import { createAgent } from "../agents/sessions.ts";
import { conflict, refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { agentName, agentShape, newPassword } from "./session-routes.ts";
import { agentIn } from "./signed-in.ts";

/** The agents: whom to assign to, and what administrators change. */
export function agentRoutes(routes: Routes, deps: InboxDeps): void {
  routes.get(
    "/agents",
    {
      schema: {
        summary: "The agents",
        response: { 200: z.object({ agents: z.array(agentShape) }), 401: refusals[401], 503: refusals[503] },
      },
    },
    async () => ({ agents: await listAgents(deps.db) }),
  );
  routes.post(
    "/agents",
    {
      schema: {
        summary: "Add an agent (administrators)",
        body: z.object({
          email: z.email(),
          name: agentName,
          role: z.enum(["agent", "admin"]).default("agent"),
          password: newPassword,
        }),
        response: {
          201: z.object({ agent: agentShape }),
          ...refusals,
          409: conflict("Exists: there is an agent with this address already.", {}),
        },
      },
    },
    async (request, reply) => {
      if (agentIn(request).role !== "admin")
        return refuse(reply, 403, "AdministratorsOnly", "Ask an administrator to do this.");
      const agent = await createAgent(deps.db, request.body);
      return agent === null
        ? refuse(reply, 409, "Exists", "There is an agent with this address already.")
        : reply.status(201).send({ agent });
    },
  );
}
