import { z } from "zod";
import { callbackMeasures, groupings, waitingCallbacks } from "../callbacks/measures.ts";
import { inboundMeasures, waitingCallers } from "../calls/measures.ts";
import { refusals } from "./answers.ts";
import type { InboxDeps, Routes } from "./deps.ts";

const share = z.number().nullable().describe("Null: there was nothing to measure.");
const median = z.number().nullable();
const waiting = { waiting: z.number(), longestWaitSeconds: z.number().nullable() };
const inbound = {
  calls: z.number(),
  wanted: z.number().describe("Callers who wanted a person."),
  answered: z.number().describe("Of them, those who talked with one."),
  answeredWithin: z.number().describe("Of them, those who did so within `within` seconds."),
  answeredWithinShare: share,
  abandoned: z.number().describe("Hung up, or were lost, with no person, promise or message."),
  abandonedShare: share,
  callbacks: z.number().describe("Kept their place and are called."),
  messages: z.number().describe("Left a message."),
  medianWaitSeconds: median.describe("From wanting a person to talking with one."),
  medianHandleSeconds: median.describe("All agents' time on the call, wrap-up included."),
};
const callbacks = {
  promised: z.number(),
  timed: z.number().describe("Promised for a time; the others were asked for as soon as possible."),
  kept: z.number().describe("Of those promised for a time: rung within 30 s of it."),
  keptShare: share.describe("Of those promised for a time; null when there were none."),
  reached: z.number(),
  reachedShare: share,
  abandoned: z.number().describe("Cancelled or expired before the customer's telephone rang."),
  medianWaitSeconds: median.describe("From the promised time, or from asking, to the first ring."),
  medianHandleSeconds: median.describe("From answer to hang-up."),
};

/** How calls went. */
export function measureRoutes(routes: Routes, deps: InboxDeps): void {
  const { 400: badRequest, 401: signInNeeded, 503: unavailable } = refusals;
  routes.get(
    "/measures/calls",
    {
      schema: {
        summary: "How calls went, to us and promised: waiting, abandoned, answered, on time, handle time",
        querystring: z.object({
          days: z.coerce.number().int().min(1).max(366).default(7),
          within: z.coerce.number().int().min(1).max(3_600).default(20).describe("Seconds; see `answeredWithin`."),
          by: z.enum(groupings).optional().describe("Also for each day of the desk, team, or channel it came by."),
        }),
        response: {
          200: z.object({
            inbound: z.object({ ...waiting, ...inbound }),
            callbacks: z.object({ ...waiting, ...callbacks }),
            by: z.array(
              z.object({
                key: z.string().describe("A date, a team's name (empty: the usual team), or a channel."),
                inbound: z.object(inbound).nullable(),
                callbacks: z.object(callbacks).nullable(),
              }),
            ),
          }),
          400: badRequest,
          401: signInNeeded,
          503: unavailable,
        },
      },
    },
    async ({ query: { days, within: withinSeconds, by = null } }) => {
      const asked = { days, by, zone: deps.deskZone, hours: await deps.calls.hours() };
      const [callers, promises, toUs, promised] = await Promise.all([
        waitingCallers(deps.db),
        waitingCallbacks(deps.db),
        inboundMeasures(deps.db, { ...asked, withinSeconds }),
        callbackMeasures(deps.db, asked),
      ]);
      const keys = [...new Set([...toUs.by.keys(), ...promised.by.keys()])].sort();
      return {
        inbound: { ...callers, ...toUs.all },
        callbacks: { ...promises, ...promised.all },
        by: keys.map((key) => ({
          key,
          inbound: toUs.by.get(key) ?? null,
          callbacks: promised.by.get(key) ?? null,
        })),
      };
    },
  );
}
