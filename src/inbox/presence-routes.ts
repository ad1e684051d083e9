import { z } from "zod";
import { presences, readPresence, setPresence } from "../agents/presence.ts";
import { callMeasures } from "../callbacks/measures.ts";
import { checkPhone } from "../callbacks/phone-policy.ts";
import { refusals, refuse } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";
import { agentIn } from "./signed-in.ts";

const presence = z.object({
  presence: z.enum(presences),
  phone: z.string().nullable().describe("Where calls ring; null: in the browser."),
});
const share = z.number().nullable().describe("Null: there was nothing to measure.");

/** Whether an agent takes calls and where they ring, and how calls went. */
export function presenceRoutes(routes: Routes, deps: InboxDeps): void {
  const { 400: badRequest, 401: signInNeeded, 503: unavailable } = refusals;
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
  routes.get(
    "/measures/calls",
    {
      schema: {
        summary: "How promised calls went: waiting, abandoned, answered, on time, handle time",
        querystring: z.object({ days: z.coerce.number().int().min(1).max(366).default(7) }),
        response: {
          200: z.object({
            waiting: z.number().describe("Customers whose call is due and not placed yet."),
            longestWaitSeconds: z.number().nullable(),
            promised: z.number(),
            kept: z.number().describe("Rung within 30 s of the promised time, or of asking."),
            keptShare: share,
            reached: z.number(),
            reachedShare: share,
            abandoned: z.number().describe("Cancelled or expired before the customer's telephone rang."),
            medianWaitSeconds: z.number().nullable().describe("From the promised time to the first ring."),
            medianHandleSeconds: z.number().nullable().describe("From answer to hang-up."),
          }),
          400: badRequest,
          401: signInNeeded,
          503: unavailable,
        },
      },
    },
    async (request) => callMeasures(deps.db, request.query.days),
  );
}
