import { z } from "zod";
import { presences, readPresence, setPresence } from "../agents/presence.ts";
import { checkPhone } from "../callbacks/phone-policy.ts";
import { refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { agentIn } from "./signed-in.ts";

const presence = z.object({
  presence: z.enum(presences),
  phone: z.string().nullable().describe("Where calls ring; null: in the browser."),
});

/** Whether an agent takes calls and where they ring. */
export function presenceRoutes(routes: Routes, deps: InboxDeps): void {
  const { 401: signInNeeded, 503: unavailable } = refusals;
  routes.get(
    "/presence",
    {
      schema: {
        summary: "Whether I take calls, and on which telephone",
        response: { 200: presence, 401: signInNeeded, 503: unavailable },
      },
    },
    async (request) => readPresence(deps.db, agentIn(request).id),
  );
  routes.put(
    "/presence",
    {
      schema: {
        summary: "Take calls, pause, or say on which telephone",
        body: z.object({
          presence: z.enum(presences).optional(),
          phone: z.string().max(40).nullable().optional().describe("Null: my browser rings."),
        }),
        response: { 200: presence, ...refusals },
      },
    },
    async (request, reply) => {
      const { phone, presence: wished } = request.body;
      if (phone === undefined || phone === null)
        return setPresence(deps.db, agentIn(request).id, { presence: wished, phone });
      const checked = checkPhone(phone, deps.calls.countries, false);
      if (checked.outcome !== "callable")
        return refuse(
          reply,
          400,
          "BadNumber",
          "We cannot call this number. Write one with its country, like +46 8 123 456 78.",
        );
      return setPresence(deps.db, agentIn(request).id, { presence: wished, phone: checked.number });
    },
  );
}
